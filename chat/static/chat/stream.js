/** Markdown as it arrives. What is above the last block is never touched again, so nothing flickers and nothing moves.
 *
 * Text goes in as text and elements are made here, one by one: whatever a model writes is never markup. When the run has
 * ended, the server's rendering of the same text takes its place.
 */

import { el } from "../kakoclaw/dom.js";
import { codeBox } from "./code.js";
import { inline } from "./inline.js";
import { beginning, cells, closes, goesOn, isTable, mayClose, underlined, unquoted } from "./lines.js";

/** A long answer is cut into parts of so many paragraphs, which the browser may skip while they are out of view. */
const PART = 30;
/** Lists and quotes inside of each other; deeper ones are text. */
const DEPTH = 8;
/** A block that is longer is shown as it was written: it is drawn anew with each piece. */
const LONGEST = 20_000;
/** What a line begins with before it can be said what it is. */
const UNDECIDED = /^[\s\-*+>#`~|\d.)]{0,12}$/;

export class MarkdownStream {
  /** `part()` gives a new element for the next part of the text; `tight` paragraphs have no element of their own. */
  constructor(part, { depth = 0, tight = false } = {}) {
    this.part = part;
    this.root = part();
    this.depth = depth;
    this.tight = tight;
    this.tail = "";
    this.block = null;
    this.list = null;
    /** What the line that has not ended looks like by itself, when it begins something. */
    this.preview = null;
  }

  write(text) {
    this.preview?.remove();
    this.preview = null;
    const lines = (this.tail + text).split("\n");
    this.tail = lines.pop();
    for (const line of lines) this.line(line);
    this.draw(this.tail);
  }

  /** No more will come: what looked like the beginning of something is text. */
  close() {
    this.preview?.remove();
    if (this.tail) this.line(this.tail);
    this.tail = "";
    this.finish();
  }

  line(line) {
    const { block } = this;
    if (block?.kind === "fence") {
      if (closes(line, block.mark)) this.block = null;
      else this.show(block, `${line}\n`);
      return;
    }
    if (block && goesOn(block.kind, block.lines, line)) {
      block.lines.push(line);
      return;
    }
    this.finish();
    if (line.trim() !== "") this.begin(line);
  }

  beginning(line) {
    const begun = beginning(line);
    return this.depth >= DEPTH && (begun.kind === "item" || begun.kind === "quote") ? { kind: "paragraph" } : begun;
  }

  begin(line) {
    const block = { ...this.beginning(line), lines: [line], node: null, shown: 0 };
    if (block.kind !== "item" || block.ordered !== this.list?.ordered) this.list = null;
    if (!this.list && this.root.childElementCount >= PART) this.root = this.part();
    this.block = block;
    if (block.kind === "fence") {
      block.node = el("code");
      const box = codeBox(el("pre", { class: "code" }, block.node));
      box.querySelector("[data-language]").textContent = block.language.slice(0, 40);
      this.root.append(box);
    }
  }

  /** Draw the open block for the last time. */
  finish() {
    if (this.block && this.block.kind !== "fence") this.render(this.block, this.block.lines, true);
    this.block = null;
  }

  /** Draw the open block with the line that has not ended yet. */
  draw(tail) {
    const { block } = this;
    if (block?.kind === "fence") {
      if (tail && !mayClose(tail, block.mark)) this.show(block, tail);
    } else if (block && (!tail || goesOn(block.kind, block.lines, tail))) {
      this.render(block, tail ? [...block.lines, tail] : block.lines, false);
    } else {
      if (block) this.render(block, block.lines, true);
      if (tail.trim() !== "" && !UNDECIDED.test(tail)) this.preview = this.previewed(tail);
    }
  }

  previewed(tail) {
    const block = this.beginning(tail);
    if (block.kind === "fence") return null;
    const node = this.made(block, [tail], false);
    if (block.kind !== "item") {
      this.root.append(node);
      return node;
    }
    if (this.list?.ordered === block.ordered) {
      this.list.node.append(node);
      return node;
    }
    const list = newList(block);
    list.append(node);
    this.root.append(list);
    return list;
  }

  /** Add to a fence what it does not show yet of the line that it is at. */
  show(block, line) {
    const more = line.slice(block.shown);
    if (block.node.firstChild) block.node.firstChild.appendData(more);
    else block.node.append(more);
    block.shown = line.endsWith("\n") ? 0 : line.length;
  }

  render(block, lines, whole) {
    const node = this.made(block, lines, whole);
    if (block.node) block.node.replaceWith(node);
    else (block.kind === "item" ? this.items(block) : this.root).append(node);
    block.node = node;
  }

  items(block) {
    if (!this.list) {
      const node = newList(block);
      this.root.append(node);
      this.list = { node, ordered: block.ordered };
    }
    return this.list.node;
  }

  made(block, lines, whole) {
    const text = lines.join("\n");
    if (text.length > LONGEST) return el("p", { class: "plain" }, text);
    switch (block.kind) {
      case "heading": return this.words(`h${block.level}`, beginning(text).text ?? text, whole);
      case "rule": return el("hr");
      case "quote": return this.inner("blockquote", lines.map(unquoted).join("\n"), false);
      case "item": return this.inner("li", itemText(lines, block.width), !/\n\s*\n\s*\S/.test(text));
      default: return this.paragraph(lines, text, whole);
    }
  }

  paragraph(lines, text, whole) {
    if (isTable(lines)) return table(lines);
    const level = whole ? underlined(lines) : 0;
    if (level) return this.words(`h${level}`, lines.slice(0, -1).join("\n"), true);
    return this.words(this.tight ? "span" : "p", text.trim(), whole);
  }

  words(tag, text, whole) {
    const node = el(tag);
    inline(node, text, whole);
    return node;
  }

  inner(tag, text, tight) {
    const node = el(tag);
    const stream = new MarkdownStream(() => node, { depth: this.depth + 1, tight });
    stream.write(text);
    stream.close();
    return node;
  }
}

const newList = ({ ordered, start }) => el(ordered ? "ol" : "ul", start === 1 ? {} : { start });

/** What an item says, without its mark and the indentation of its lines. */
function itemText([first, ...rest], width) {
  const indent = new RegExp(`^[ \\t]{0,${width}}`);
  return [first.slice(width), ...rest.map((line) => line.replace(indent, ""))].join("\n");
}

function table(lines) {
  const [head, , ...rows] = lines.map(cells);
  const row = (tag, texts) => {
    const node = el("tr");
    for (let at = 0; at < head.length; at += 1) {
      const cell = el(tag);
      inline(cell, texts[at] ?? "");
      node.append(cell);
    }
    return node;
  };
  const body = el("tbody");
  body.append(...rows.map((texts) => row("td", texts)));
  return el("table", {}, el("thead", {}, row("th", head)), body);
}
