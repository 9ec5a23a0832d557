/** The body of one run, in the order things happened: text, thinking, tools, questions, notices. It only grows. */

import { clone, el } from "../kakoclaw/dom.js";
import { QuestionCard } from "./question.js";
import { ToolCard } from "./toolcard.js";

/** Text is laid out again from the start of its block: long answers get a new block at a line break. */
const LONG_BLOCK = 4000;

export class Blocks {
  constructor(node, { answer }) {
    this.node = node;
    this.answer = answer;
    this.tools = new Map();
    this.questions = new Map();
    this.segments = 0;
    this.open = null;
    this.waiting = "";
    this.scheduled = false;
  }

  /** Add text of `kind` (`text` or `thinking`); it is drawn with the next frame of the screen. */
  write(kind, text) {
    if (this.open?.kind !== kind) {
      this.close();
      this.open = { kind, node: kind === "text" ? this.plain() : this.thinking() };
      if (kind === "text") this.segments += 1;
    }
    // A blank line at the beginning of a piece would vanish when it is rendered.
    if (!this.waiting && !this.open.node.textContent) text = text.replace(/^\n+/, "");
    this.waiting += text;
    if (this.scheduled) return;
    this.scheduled = true;
    if (document.hidden) setTimeout(() => this.draw(), 250);
    else requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.scheduled = false;
    if (!this.waiting || !this.open) return;
    const { kind, node } = this.open;
    const cut = kind === "text" && node.textContent.length > LONG_BLOCK ? this.waiting.indexOf("\n") : -1;
    if (cut < 0) {
      node.append(this.waiting);
    } else {
      node.append(this.waiting.slice(0, cut));
      this.open.node = this.plain();
      this.open.node.append(this.waiting.slice(cut + 1));
    }
    node.normalize();
    this.waiting = "";
  }

  /** End the open block of text; what comes next starts another. */
  close() {
    this.draw();
    this.open = null;
  }

  plain() {
    const node = el("div", { class: "plain", "data-segment": this.segments + (this.open?.kind === "text" ? -1 : 0) });
    this.node.append(node);
    return node;
  }

  thinking() {
    const node = clone("thinking");
    this.node.append(node);
    return node.querySelector("[data-part=text]");
  }

  /** A `replayed` call began or ended at a time the page does not know. */
  tool(frame, replayed = false) {
    const card = this.tools.get(frame.call_id);
    if (card) return card.update(frame, replayed);
    this.close();
    const made = new ToolCard(frame, replayed);
    this.tools.set(frame.call_id, made);
    this.node.append(made.node);
  }

  output({ call_id: id, content }) {
    this.tools.get(id)?.output(content);
  }

  question(frame) {
    this.close();
    const card = new QuestionCard(frame, (answer) => this.answer(frame.question_id, answer));
    this.questions.set(frame.question_id, card);
    this.node.append(card.node);
  }

  answered({ question_id: id, answer }) {
    this.questions.get(id)?.answered(answer);
  }

  notice(text, level = "info") {
    this.close();
    this.node.append(el("p", { class: "notice", "data-level": level }, text));
  }

  /** The run has ended: nothing here runs or waits any more. */
  end(outcome) {
    this.close();
    for (const card of this.tools.values()) card.interrupt(outcome);
    for (const card of this.questions.values()) card.withdraw();
  }

  /** Put the server's rendering of each segment where its plain text is. `htmls` are sanitised by the server. */
  render(htmls) {
    htmls.forEach((html, index) => {
      const [first, ...rest] = this.node.querySelectorAll(`.plain[data-segment="${index}"]`);
      if (!first) return;
      const prose = el("div", { class: "prose" });
      prose.innerHTML = html;
      for (const node of rest) node.remove();
      first.replaceWith(prose);
    });
  }

  clear() {
    this.node.replaceChildren();
    this.tools.clear();
    this.questions.clear();
    this.segments = 0;
    this.open = null;
    this.waiting = "";
  }
}
