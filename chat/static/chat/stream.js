/** Markdown as it arrives. It only ever adds to the page, so nothing flickers and nothing above the end moves.
 *
 * Text goes in as text and elements are made here, one by one: whatever a model writes is never markup. When the run has
 * ended, the server's rendering of the same text takes its place.
 */

import * as smd from "../vendor/streaming-markdown/smd.js";
import { el } from "../kakoclaw/dom.js";
import { codeBox } from "./code.js";

/** A long answer is cut into parts of so many paragraphs, which the browser may skip while they are out of view. */
const PART = 30;
const SAFE = /^(https?|mailto):/i;

const TAGS = {
  [smd.PARAGRAPH]: "p", [smd.BLOCKQUOTE]: "blockquote", [smd.RULE]: "hr",
  [smd.HEADING_1]: "h1", [smd.HEADING_2]: "h2", [smd.HEADING_3]: "h3", [smd.HEADING_4]: "h4", [smd.HEADING_5]: "h5", [smd.HEADING_6]: "h6",
  [smd.ITALIC_AST]: "em", [smd.ITALIC_UND]: "em", [smd.STRONG_AST]: "strong", [smd.STRONG_UND]: "strong", [smd.STRIKE]: "s",
  [smd.CODE_INLINE]: "code", [smd.LINK]: "a", [smd.IMAGE]: "a",
  [smd.LIST_UNORDERED]: "ul", [smd.LIST_ORDERED]: "ol", [smd.LIST_ITEM]: "li", [smd.TABLE]: "table",
};
/** What the server shows as it was written. */
const AS_WRITTEN = { [smd.EQUATION_INLINE]: ["$", "$"], [smd.EQUATION_BLOCK]: ["$$", "$$"], [smd.CHECKBOX]: ["[ ] ", ""] };

/** `part()` gives a new element for the next part of the text. */
export class MarkdownStream {
  constructor(part) {
    this.part = part;
    this.open = [part()];
    this.ends = [];
    this.parser = smd.parser({
      data: this,
      add_token: (stream, type) => stream.begin(type),
      end_token: (stream) => stream.end(),
      add_text: (stream, text) => stream.add(text),
      set_attr: (stream, name, value) => stream.set(name, value),
    });
  }

  write(text) {
    smd.parser_write(this.parser, text);
  }

  /** No more will come: what looked like the beginning of something is text. */
  close() {
    smd.parser_end(this.parser);
  }

  get last() {
    return this.open.at(-1);
  }

  begin(type) {
    if (this.open.length === 1 && this.last.childElementCount >= PART) this.open[0] = this.part();
    const [before, after] = AS_WRITTEN[type] ?? ["", ""];
    this.ends.push(after);
    if (type === smd.LINE_BREAK) {
      this.add("\n");
      this.open.push(this.last);
      return;
    }
    const node = this.make(type);
    this.open.push(node);
    if (before) this.add(before);
  }

  make(type) {
    if (type === smd.CODE_BLOCK || type === smd.CODE_FENCE) {
      const code = el("code");
      this.last.append(codeBox(el("pre", { class: "code" }, code)));
      return code;
    }
    const parent = type === smd.TABLE_ROW ? this.rows() : this.last;
    const tag = type === smd.TABLE_ROW ? "tr" : type === smd.TABLE_CELL ? (parent.closest("thead") ? "th" : "td") : TAGS[type] ?? "span";
    const node = el(tag);
    parent.append(node);
    return node;
  }

  /** The part of the table that its next row belongs to. */
  rows() {
    const [head, body] = this.last.children;
    if (head) return body ?? this.last.appendChild(el("tbody"));
    return this.last.appendChild(el("thead"));
  }

  end() {
    const after = this.ends.pop();
    if (after) this.add(after);
    this.open.pop();
  }

  add(text) {
    const { lastChild } = this.last;
    if (lastChild?.nodeType === Node.TEXT_NODE) lastChild.appendData(text);
    else this.last.append(text);
  }

  set(name, value) {
    const node = this.last;
    if (name === smd.HREF || name === smd.SRC) {
      if (node.tagName !== "A" || !SAFE.test(value.trim())) return;
      node.href = value.trim();
      node.target = "_blank";
      node.rel = "noopener noreferrer nofollow";
    } else if (name === smd.START && node.tagName === "OL") node.start = Number(value) || 1;
    else if (name === smd.LANG) node.closest("[data-code]").querySelector("[data-language]").textContent = value.slice(0, 40);
    else if (name === smd.CHECKED) node.textContent = "[x] ";
  }
}
