/* The words of an attribute of the staff's pages: names, numbers, strings and signs.

   A plain script like the three beside it, because Alpine begins before any module does. They share one name on the
   page, `expressions`. */

"use strict";
{
  const SIGNS = [
    "===", "!==", "??=", "||=", "&&=",
    "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "++", "--", "+=", "-=", "*=", "/=", "%=",
    ..."{}()[].,;:?!<>+-*/%=",
  ];
  const literally = (sign) => sign.replace(/[^=!<>&%:;,-]/g, "\\$&");
  // A question mark and a dot reach for what may be missing, but `open ?.5 : 1` is a choice.
  const SIGN = [String.raw`\?\.(?!\d)`, ...SIGNS.map(literally)].join("|");
  const WORD = new RegExp(
    [
      String.raw`(?<space>\s+)`,
      String.raw`(?<name>[\p{ID_Start}$_][\p{ID_Continue}$]*)`,
      String.raw`(?<number>\d+(?:\.\d+)?|\.\d+)`,
      String.raw`(?<string>"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*')`,
      `(?<sign>${SIGN})`,
    ].join("|"),
    "uy",
  );

  const ESCAPE = /\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2})|([^]))/gi;
  const CONTROLS = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", 0: "\0", "\n": "" };

  const unescaped = (text) =>
    text.replace(ESCAPE, (_, long, short, byte, other) => {
      const code = long ?? short ?? byte;
      return code === undefined ? (CONTROLS[other] ?? other) : String.fromCodePoint(parseInt(code, 16));
    });

  const VALUES = {
    name: (text) => text,
    number: Number,
    string: (text) => unescaped(text.slice(1, -1)),
    sign: (text) => text,
  };

  /**
   * The words of `text`, each a `{ kind, value, at }`; the last is of the kind "end".
   *
   * Throws a SyntaxError at what is no word, such as a backquote.
   */
  function tokens(text) {
    const found = [];
    WORD.lastIndex = 0;
    while (WORD.lastIndex < text.length) {
      const at = WORD.lastIndex;
      const groups = WORD.exec(text)?.groups;
      if (!groups) throw new SyntaxError(`unexpected ${text[at]}, at character ${at + 1}`);
      const kind = Object.keys(groups).find((each) => groups[each] !== undefined);
      if (kind !== "space") found.push({ kind, value: VALUES[kind](groups[kind]), at });
    }
    return [...found, { kind: "end", value: "the end", at: text.length }];
  }

  window.expressions = { tokens };
}
