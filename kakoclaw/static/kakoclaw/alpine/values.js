/* What an expression of the staff's attributes is worth, and does.

   An environment says what the names mean: `scope` is Alpine's merged data, whose changes Alpine follows, `locals` are
   the parameters of the arrows around, the innermost first, and `globals` are the few things of the page that an
   attribute may name. */

"use strict";
{
  const BINARY = {
    "==": (a, b) => a == b,
    "!=": (a, b) => a != b,
    "===": (a, b) => a === b,
    "!==": (a, b) => a !== b,
    "<": (a, b) => a < b,
    ">": (a, b) => a > b,
    "<=": (a, b) => a <= b,
    ">=": (a, b) => a >= b,
    "+": (a, b) => a + b,
    "-": (a, b) => a - b,
    "*": (a, b) => a * b,
    "/": (a, b) => a / b,
    "%": (a, b) => a % b,
  };
  const UNARY = { "!": (a) => !a, "-": (a) => -a, "+": (a) => +a, typeof: (a) => typeof a };
  /* Whether the left side already decides, so that the right one is left alone. */
  const DECIDED = { "&&": (a) => !a, "||": (a) => Boolean(a), "??": (a) => a !== null && a !== undefined };

  /* The value of what lies behind a `?.` that found nothing. */
  const MISSING = Symbol("missing");

  /** The name of a property, as text and only once: an object could give another text when it is asked again. */
  function keyOf(node, env) {
    const value = evaluate(node, env);
    const key = typeof value === "symbol" ? value : String(value);
    if (window.expressions.REFUSED.has(key)) throw new TypeError(`${key} is out of reach`);
    return key;
  }

  /** Where a name or member is kept: `{ holder, key }`; a name's holder is null when nobody knows it. */
  function placeOf(node, env) {
    if (node.kind === "member") return memberPlace(node, env);
    const { name } = node;
    return { holder: [...env.locals, env.scope, env.globals].find((each) => name in each) ?? null, key: name };
  }

  function memberPlace(node, env) {
    const holder = evaluate(node.of, env);
    const nothing = holder === null || holder === undefined;
    if (holder === MISSING || (nothing && node.missable)) return { holder: MISSING };
    const key = keyOf(node.key, env);
    if (nothing) throw new TypeError(`${String(key)} of ${holder}`);
    return { holder, key };
  }

  function read({ holder, key }) {
    if (holder === null) throw new ReferenceError(`${key} is not known here`);
    return holder === MISSING ? MISSING : holder[key];
  }

  /** Assign. A name that nobody knows becomes the page's: Alpine keeps it in the outermost data. */
  function write({ holder, key }, env, value) {
    if (holder === env.globals) throw new TypeError(`${key} is not to be assigned`);
    (holder ?? env.scope)[key] = value;
    return value;
  }

  const all = (nodes, env) => nodes.map((node) => evaluate(node, env));

  function combine(sign, left, right) {
    if (sign in DECIDED) return DECIDED[sign](left) ? left : right();
    return BINARY[sign](left, right());
  }

  const KINDS = {
    literal: (node) => node.value,
    name: (node, env) => read(placeOf(node, env)),
    member: (node, env) => read(placeOf(node, env)),
    array: (node, env) => all(node.items, env),
    object: (node, env) => Object.fromEntries(node.entries.map(([key, value]) => [key, evaluate(value, env)])),
    block: (node, env) => all(node.body, env).at(-1),
    sequence: (node, env) => all(node.body, env).at(-1),
    choice: (node, env) => evaluate(evaluate(node.test, env) ? node.then : node.otherwise, env),
    binary: (node, env) => combine(node.sign, evaluate(node.left, env), () => evaluate(node.right, env)),

    chain(node, env) {
      const value = evaluate(node.of, env);
      return value === MISSING ? undefined : value;
    },

    if(node, env) {
      if (evaluate(node.test, env)) evaluate(node.then, env);
      else if (node.otherwise) evaluate(node.otherwise, env);
    },

    unary(node, env) {
      const unknown = node.sign === "typeof" && node.of.kind === "name" && placeOf(node.of, env).holder === null;
      return unknown ? "undefined" : UNARY[node.sign](evaluate(node.of, env));
    },

    assign(node, env) {
      const place = placeOf(node.target, env);
      if (!node.sign) return write(place, env, evaluate(node.value, env));
      const before = read(place);
      if (DECIDED[node.sign]?.(before)) return before;
      return write(place, env, combine(node.sign, before, () => evaluate(node.value, env)));
    },

    step(node, env) {
      const place = placeOf(node.target, env);
      const before = Number(read(place));
      write(place, env, before + node.step);
      return node.before ? before + node.step : before;
    },

    arrow(node, env) {
      return (...values) => {
        const own = Object.create(null);
        for (const [index, name] of node.parameters.entries()) own[name] = values[index];
        return evaluate(node.body, { ...env, locals: [own, ...env.locals] });
      };
    },

    call(node, env) {
      const { callee } = node;
      const place = ["name", "member"].includes(callee.kind) ? placeOf(callee, env) : null;
      const called = place ? read(place) : evaluate(callee, env);
      if (called === MISSING || (node.missable && (called === null || called === undefined))) return MISSING;
      const name = String(place?.key ?? "what is called");
      if (typeof called !== "function") throw new TypeError(`${name} is not a function`);
      // A function of the data finds the data in `this`, a function of an object the object, and any other nothing.
      const owned = callee.kind === "member" || place?.holder === env.scope;
      return Reflect.apply(called, owned ? place.holder : undefined, all(node.parameters, env));
    },

    new: (node, env) => Reflect.construct(read(placeOf(node.made, env)), all(node.parameters, env)),
  };

  function evaluate(node, env) {
    return KINDS[node.kind](node, env);
  }

  /** Evaluate what `parse` made, with the names of `scope` and, behind them, those of `globals`. */
  window.expressions.evaluate = (tree, scope, globals) => evaluate(tree, { scope, globals, locals: [] });
}
