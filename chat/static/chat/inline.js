/** What stands inside of a paragraph of Markdown: emphasis, code, links. One pass over the text, whatever it is. */

import { el } from "../kakoclaw/dom.js";

const SAFE = /^(https?|mailto):/i;
const SPECIAL = /[\\`*_~[!<\n]/g;
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const ADDRESS = /\(\s*<?([^\s<>()]{0,2000}(?:\([^\s<>()]{0,2000}\)[^\s<>()]{0,2000})?)>?(?:\s+"[^"]{0,500}")?\s*\)/y;
const AUTOMATIC = /<((?:https?|mailto):[^\s<>]{1,2000})>/iy;
const TAGS = { "*": "em", _: "em", "**": "strong", __: "strong", "~~": "s" };
/** Marks that may be open at once; more are text. */
const DEPTH = 20;

/** Append `text` to `parent`. Of one that is not `whole` more will come: what is open at its end stays open. */
export function inline(parent, text, whole = true, links = true) {
  new Passage(parent, text, whole, links).read();
}

class Passage {
  constructor(parent, text, whole, links) {
    this.text = text;
    this.whole = whole;
    this.links = links;
    this.open = [{ node: parent, mark: "" }];
    this.ticks = ends(text);
    this.brackets = links ? pairs(text) : new Map();
  }

  get last() {
    return this.open.at(-1).node;
  }

  read() {
    const { text } = this;
    for (let at = 0; at < text.length;) {
      SPECIAL.lastIndex = at;
      const next = SPECIAL.exec(text)?.index ?? text.length;
      this.add(text.slice(at, next));
      at = next < text.length ? next + this.special(next) : next;
    }
    for (const { node, mark } of this.open.slice(1).reverse()) {
      if (this.whole || mark.length === 1) node.replaceWith(mark, ...node.childNodes);
    }
  }

  add(text) {
    const { lastChild } = this.last;
    if (lastChild?.nodeType === Node.TEXT_NODE) lastChild.appendData(text);
    else if (text) this.last.append(text);
  }

  /** Read what begins at `at`; returns how many characters that were. */
  special(at) {
    const { text } = this;
    switch (text[at]) {
      case "\\": return this.escaped(at);
      case "`": return this.code(at);
      case "\n": return this.line(at);
      case "<": return this.automatic(at);
      case "[": return this.link(at, at);
      case "!": return text[at + 1] === "[" ? this.link(at + 1, at) : this.plain(at, 1);
      default: return this.mark(at);
    }
  }

  plain(at, count) {
    this.add(this.text.slice(at, at + count));
    return count;
  }

  escaped(at) {
    const next = this.text[at + 1];
    if (next === "\n") {
      this.last.append(el("br"));
      return 2;
    }
    if (!next || !PUNCTUATION.test(next)) return this.plain(at, 1);
    this.add(next);
    return 2;
  }

  line(at) {
    if (this.text.endsWith("  ", at)) this.last.append(el("br"));
    return this.plain(at, 1);
  }

  code(at) {
    const size = run(this.text, at);
    const end = this.ticks.get(at) ?? (this.whole ? undefined : this.text.length);
    if (end === undefined || (end === this.text.length && end === at + size)) return this.plain(at, size);
    const inside = this.text.slice(at + size, end).replaceAll("\n", " ");
    const padded = inside.startsWith(" ") && inside.endsWith(" ") && inside.trim() !== "";
    this.last.append(el("code", {}, padded ? inside.slice(1, -1) : inside));
    return Math.min(end + size, this.text.length) - at;
  }

  automatic(at) {
    AUTOMATIC.lastIndex = at;
    const found = AUTOMATIC.exec(this.text);
    if (!found || !this.links) return this.plain(at, 1);
    this.last.append(anchor(found[1], found[1]));
    return found[0].length;
  }

  /** A link, or an image, which is shown as one: its words are between `bracket` and the bracket that closes it. */
  link(bracket, at) {
    const close = this.brackets.get(bracket);
    ADDRESS.lastIndex = close + 1;
    const found = close === undefined ? null : ADDRESS.exec(this.text);
    if (!found) return this.plain(at, bracket - at + 1);
    const words = this.text.slice(bracket + 1, close);
    const node = anchor(found[1], "");
    if (bracket > at) node.append(words || found[1]);
    else inline(node, words, true, false);
    this.last.append(node);
    return close + 1 + found[0].length - at;
  }

  /** Emphasis: opens before a word and closes after one; underscores inside of words are text. */
  mark(at) {
    const { text } = this;
    const sign = text[at];
    const size = run(text, at);
    const before = text[at - 1] ?? " ";
    const after = text[at + size] ?? " ";
    const wordy = sign === "_" && /\w/.test(before) && /\w/.test(after);
    if (wordy || size > 3 || (sign === "~" && size !== 2)) return this.plain(at, size);
    const marks = size === 3 ? [sign, sign + sign] : [sign.repeat(size)];
    const closing = /\S/.test(before) ? [...marks].reverse().filter((mark) => this.open.some((it) => it.mark === mark)) : [];
    if (closing.length === marks.length) closing.forEach((mark) => this.close(mark));
    else if (/\S/.test(after) && this.open.length < DEPTH) marks.forEach((mark) => this.begin(mark));
    else this.plain(at, size);
    return size;
  }

  begin(mark) {
    const node = el(TAGS[mark]);
    this.last.append(node);
    this.open.push({ node, mark });
  }

  /** What was opened inside of it and not closed was text. */
  close(mark) {
    for (;;) {
      const top = this.open.pop();
      if (top.mark === mark) return;
      top.node.replaceWith(top.mark, ...top.node.childNodes);
    }
  }
}

function anchor(address, words) {
  if (!SAFE.test(address)) return el("a", {}, words);
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, words);
}

/** How often the character at `at` is repeated there. */
function run(text, at) {
  let end = at + 1;
  while (text[end] === text[at]) end += 1;
  return end - at;
}

/** Where the code ends that begins with the backticks at a place, by place. */
function ends(text) {
  const found = new Map();
  const waiting = new Map();
  const runs = [...text.matchAll(/`+/g)];
  for (const { 0: ticks, index } of runs.reverse()) {
    if (waiting.has(ticks.length)) found.set(index, waiting.get(ticks.length));
    waiting.set(ticks.length, index);
  }
  return found;
}

/** Which bracket closes which. */
function pairs(text) {
  const found = new Map();
  const open = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "[") open.push(at);
    else if (text[at] === "]" && open.length) found.set(open.pop(), at);
  }
  return found;
}
