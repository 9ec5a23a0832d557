/** The body of one run, in the order things happened: text, thinking, tools, questions, notices. It grows at its end.
 *
 * Of a very long run only the last blocks stay in the page; all of it is among the run's details.
 */

import { fill, ngettext } from "../kakoclaw/i18n.js";
import { clone, el } from "../kakoclaw/dom.js";
import { boxCode } from "./code.js";
import { QuestionCard } from "./question.js";
import { MarkdownStream } from "./stream.js";
import { ToolCard } from "./toolcard.js";

/** More blocks than `MOST` become `LEFT`. */
const MOST = 120;
const LEFT = 80;
/** How much of one thought is shown. */
const MAX_THOUGHT = 100_000;

export class Blocks {
  /** `answer(question, answer)` sends an answer; `details()` is the address of all that happened. */
  constructor(node, { answer, details = () => "" }) {
    this.node = node;
    this.answer = answer;
    this.details = details;
    this.scheduled = false;
    this.reset();
  }

  clear() {
    this.node.replaceChildren();
    this.reset();
  }

  reset() {
    this.tools = new Map();
    this.questions = new Map();
    this.segments = 0;
    this.open = null;
    this.waiting = "";
    this.left = 0;
    this.cut = new Set();
    this.note = null;
  }

  /** Add text of `kind` (`text` or `thinking`); it is drawn with the next frame of the screen. */
  write(kind, text) {
    if (this.open?.kind !== kind) {
      this.close();
      this.open = kind === "text" ? this.text() : this.thinking();
    }
    this.waiting += text;
    if (this.scheduled) return;
    this.scheduled = true;
    if (document.hidden) setTimeout(() => this.draw(), 250);
    else requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.scheduled = false;
    if (!this.waiting || !this.open) return;
    this.open.write(this.waiting);
    this.waiting = "";
    this.shorten();
  }

  /** End the open block of text; what comes next starts another. */
  close() {
    this.draw();
    this.open?.close();
    this.open = null;
  }

  text() {
    const segment = this.segments++;
    const stream = new MarkdownStream(() => {
      const part = el("div", { class: "prose part", "data-segment": segment });
      this.node.append(part);
      return part;
    });
    return { kind: "text", write: (text) => stream.write(text), close: () => stream.close() };
  }

  thinking() {
    const node = clone("thinking");
    this.node.append(node);
    const words = node.querySelector("[data-part=text]").appendChild(document.createTextNode(""));
    let length = 0;
    const write = (text) => {
      const room = MAX_THOUGHT - length;
      length += text.length;
      if (room > 0) words.appendData(room >= text.length ? text : `${text.slice(0, room)}…`);
    };
    return { kind: "thinking", write, close: () => {} };
  }

  add(node) {
    this.close();
    this.node.append(node);
    this.shorten();
  }

  /** Let the oldest blocks go when there are many; one that waits for an answer stays. */
  shorten() {
    if (this.node.childElementCount <= MOST) return;
    const old = [...this.node.children].filter((child) => !child.matches("form, .left")).slice(0, -LEFT);
    for (const child of old) {
      if (child.dataset.segment) this.cut.add(Number(child.dataset.segment));
      child.remove();
    }
    for (const [id, card] of this.tools) if (!card.node.isConnected) this.tools.delete(id);
    this.left += old.length;
    this.note ??= el("p", { class: "left small" }, el("a", {}));
    const words = ngettext("%(count)s earlier step is in the details", "%(count)s earlier steps are in the details", this.left);
    this.note.firstChild.textContent = fill(words, { count: this.left });
    this.note.firstChild.href = this.details();
    this.node.prepend(this.note);
  }

  /** A `replayed` call began or ended at a time the page does not know. */
  tool(frame, replayed = false) {
    const card = this.tools.get(frame.call_id);
    if (card) return card.update(frame, replayed);
    const made = new ToolCard(frame, replayed);
    this.tools.set(frame.call_id, made);
    this.add(made.node);
  }

  output({ call_id: id, content }) {
    this.tools.get(id)?.output(content);
  }

  question(frame) {
    const card = new QuestionCard(frame, (answer) => this.answer(frame.question_id, answer));
    this.questions.set(frame.question_id, card);
    this.add(card.node);
  }

  answered({ question_id: id, answer }) {
    this.questions.get(id)?.answered(answer);
  }

  notice(text, level = "info") {
    this.add(el("p", { class: "notice", "data-level": level }, text));
  }

  /** The run has ended: nothing here runs or waits any more. */
  end(outcome) {
    this.close();
    for (const card of this.tools.values()) card.interrupt(outcome);
    for (const card of this.questions.values()) card.withdraw();
  }

  /** Put the server's rendering of each segment where its text is. `htmls` are sanitised by the server. */
  render(htmls) {
    htmls.forEach((html, index) => {
      const [first, ...rest] = this.node.querySelectorAll(`.prose[data-segment="${index}"]`);
      if (!first || this.cut.has(index)) return;
      const prose = el("div", { class: "prose" });
      prose.innerHTML = html;
      boxCode(prose);
      for (const node of rest) node.remove();
      first.replaceWith(prose);
    });
  }
}
