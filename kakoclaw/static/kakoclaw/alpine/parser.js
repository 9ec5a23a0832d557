/* The grammar of the staff's attributes: the part of JavaScript that Unfold's templates use.

   What is read becomes a tree of plain objects; values.js finds out what a tree is worth. Nothing here or there makes
   code of text, so the Content-Security-Policy needs no 'unsafe-eval'. */

"use strict";
{
  const LITERALS = new Map(Object.entries({ true: true, false: false, null: null, undefined: undefined }));
  /* What means something else in JavaScript than a name does, and isn't understood here. */
  const RESERVED = new Set(
    ("async await break case catch class const continue debugger default delete do else enum export extends finally " +
      "for function if import in instanceof let new return static super switch this throw try typeof var void while " +
      "with yield").split(" "),
  );
  /* From each of these a script reaches the maker of functions, or what all objects share. */
  const REFUSED = new Set(["constructor", "__proto__", "prototype"]);

  /* How firmly a sign binds what stands beside it. */
  const BINDING = new Map(
    [["??"], ["||"], ["&&"], ["==", "!=", "===", "!=="], ["<", ">", "<=", ">="], ["+", "-"], ["*", "/", "%"]].flatMap(
      (signs, level) => signs.map((sign) => [sign, level + 1]),
    ),
  );
  const UNARY = new Set(["!", "-", "+"]);
  const ASSIGNING = new Set(["=", "+=", "-=", "*=", "/=", "%=", "??=", "||=", "&&="]);

  /** Whether a statement ends with a block's brace, so that no semicolon has to follow. */
  const closed = (node) => node.kind === "block" || (node.kind === "if" && closed(node.otherwise ?? node.then));

  class Parser {
    constructor(text) {
      this.words = window.expressions.tokens(text);
      this.place = 0;
    }

    get word() {
      return this.words[this.place];
    }

    is(sign, word = this.word) {
      return word.kind === "sign" && word.value === sign;
    }

    named(name) {
      return this.word.kind === "name" && this.word.value === name;
    }

    next() {
      return this.words[this.place++];
    }

    took(sign) {
      return this.is(sign) && Boolean(this.next());
    }

    expect(sign) {
      if (!this.took(sign)) this.fail(`${sign} expected instead of ${this.word.value}`);
    }

    fail(what = `unexpected ${this.word.value}`, at = this.word.at) {
      throw new SyntaxError(`${what}, at character ${at + 1}`);
    }

    /** Statements up to the end of the text, or of a block. */
    statements(isEnd) {
      const body = [];
      while (!isEnd()) {
        if (this.took(";")) continue;
        body.push(this.statement());
        if (!closed(body.at(-1)) && !isEnd()) this.expect(";");
      }
      return { kind: "block", body };
    }

    statement() {
      if (!this.named("if")) return this.sequence();
      this.next();
      this.expect("(");
      const test = this.sequence();
      this.expect(")");
      const then = this.branch();
      // As in JavaScript, a branch of one statement may end with a semicolon before its `else`.
      if (this.is(";") && this.words[this.place + 1].value === "else") this.next();
      if (!this.named("else")) return { kind: "if", test, then };
      this.next();
      return { kind: "if", test, then, otherwise: this.branch() };
    }

    /** What follows an `if`; only there is a brace a block. Elsewhere it is an object, as Alpine has it. */
    branch() {
      if (!this.took("{")) return this.statement();
      const block = this.statements(() => this.is("}"));
      this.expect("}");
      return block;
    }

    sequence() {
      const first = this.expression();
      if (!this.is(",")) return first;
      const body = [first];
      while (this.took(",")) body.push(this.expression());
      return { kind: "sequence", body };
    }

    /** One expression without a comma: an arrow, an assignment, a choice, or less. */
    expression() {
      const parameters = this.parameters();
      if (parameters) {
        if (this.is("{")) this.fail("an arrow's body has to be an expression");
        return { kind: "arrow", parameters, body: this.expression() };
      }
      const left = this.binary(0);
      if (this.took("?")) {
        const then = this.expression();
        this.expect(":");
        return { kind: "choice", test: left, then, otherwise: this.expression() };
      }
      if (this.word.kind !== "sign" || !ASSIGNING.has(this.word.value)) return left;
      this.assignable(left);
      const sign = this.next().value.slice(0, -1);
      return { kind: "assign", sign, target: left, value: this.expression() };
    }

    /** The parameters of an arrow if one begins here, else null and nothing is read. */
    parameters() {
      const start = this.place;
      const names = [];
      const several = this.took("(");
      while (this.word.kind === "name") {
        names.push(this.next());
        if (!several || !this.took(",")) break;
      }
      const whole = several ? this.took(")") : names.length === 1;
      if (whole && this.took("=>")) return names.map((word) => this.allowed(word));
      this.place = start;
      return null;
    }

    binary(binding) {
      let left = this.unary();
      while (this.word.kind === "sign" && (BINDING.get(this.word.value) ?? 0) > binding) {
        const sign = this.next().value;
        left = { kind: "binary", sign, left, right: this.binary(BINDING.get(sign)) };
      }
      return left;
    }

    unary() {
      if (this.named("typeof") || (this.word.kind === "sign" && UNARY.has(this.word.value))) {
        return { kind: "unary", sign: this.next().value, of: this.unary() };
      }
      if (this.is("++") || this.is("--")) {
        const step = this.next().value === "++" ? 1 : -1;
        return { kind: "step", step, target: this.assignable(this.unary()), before: true };
      }
      const value = this.reached(this.primary());
      if (!this.is("++") && !this.is("--")) return value;
      return { kind: "step", target: this.assignable(value), step: this.next().value === "++" ? 1 : -1, before: false };
    }

    /** What is reached from a value by dots, brackets and calls. */
    reached(value) {
      let [node, optional] = [value, false];
      for (;;) {
        const missable = this.took("?.");
        optional ||= missable;
        if (this.took("(")) node = { kind: "call", callee: node, parameters: this.list(")"), missable };
        else if (this.took("[")) node = { kind: "member", of: node, key: this.bracketed(), missable };
        else if (missable || this.took(".")) node = { kind: "member", of: node, key: this.property(), missable };
        else return optional ? { kind: "chain", of: node } : node;
      }
    }

    bracketed() {
      const key = this.sequence();
      this.expect("]");
      return key;
    }

    property() {
      if (this.word.kind !== "name") this.fail();
      return { kind: "literal", value: this.within(this.next()) };
    }

    primary() {
      const { kind } = this.word;
      if (kind === "number" || kind === "string") return { kind: "literal", value: this.next().value };
      if (kind === "name") return this.name();
      if (this.took("[")) return { kind: "array", items: this.list("]") };
      if (this.took("{")) return this.object();
      if (this.took("(")) {
        const inner = this.sequence();
        this.expect(")");
        return inner;
      }
      return this.fail();
    }

    name() {
      if (this.named("new")) {
        this.next();
        if (this.word.kind !== "name") this.fail();
        const made = { kind: "name", name: this.allowed(this.next()) };
        return { kind: "new", made, parameters: this.took("(") ? this.list(")") : [] };
      }
      if (LITERALS.has(this.word.value)) return { kind: "literal", value: LITERALS.get(this.next().value) };
      return { kind: "name", name: this.allowed(this.next()) };
    }

    list(closing) {
      const items = [];
      while (!this.is(closing)) {
        items.push(this.expression());
        if (!this.took(",")) break;
      }
      this.expect(closing);
      return items;
    }

    object() {
      const entries = [];
      while (!this.is("}")) {
        if (!["name", "string", "number"].includes(this.word.kind)) this.fail();
        const word = this.next();
        const key = String(this.within(word));
        if (word.kind !== "name" || this.is(":")) this.expect(":");
        else this.place -= 1; // the key alone: its value has its name
        entries.push([key, this.expression()]);
        if (!this.took(",")) break;
      }
      this.expect("}");
      return { kind: "object", entries };
    }

    assignable(node) {
      if (node.kind !== "name" && node.kind !== "member") this.fail("there is nothing here that can be assigned");
      return node;
    }

    /** The name that `word` is; it may be that of something in the data. */
    allowed(word) {
      const taken = RESERVED.has(word.value) || LITERALS.has(word.value);
      if (taken) this.fail(`${word.value} is not understood here`, word.at);
      return this.within(word);
    }

    /** The name that `word` is; it may be that of a property. */
    within(word) {
      if (REFUSED.has(word.value)) this.fail(`${word.value} is out of reach`, word.at);
      return word.value;
    }
  }

  const known = new Map();

  /** The tree of an attribute's text; each text is read once. Throws a SyntaxError that says where. */
  function parse(text) {
    if (!known.has(text)) {
      const parser = new Parser(text);
      known.set(text, parser.statements(() => parser.word.kind === "end"));
    }
    return known.get(text);
  }

  Object.assign(window.expressions, { parse, REFUSED });
}
