/** What a screen reader is told of an answer while it is written: whole sentences, every few seconds, never twice. */

const EVERY_MS = 4000;
const MOST = 400;

export class Spoken {
  constructor(node) {
    this.node = node;
    this.waiting = "";
    this.at = 0;
  }

  /** Say something now; what was not said yet of an answer is dropped. */
  say(text) {
    this.waiting = "";
    this.at = Date.now();
    this.node.textContent = text;
  }

  /** More of an answer. */
  more(text) {
    this.waiting = (this.waiting + text).slice(-4 * MOST);
    if (Date.now() - this.at < EVERY_MS) return;
    const end = Math.max(...[". ", "! ", "? ", "。", "\n"].map((mark) => this.waiting.lastIndexOf(mark)));
    if (end < 0) return;
    this.node.textContent = this.waiting.slice(0, end + 1).slice(-MOST).trim();
    this.waiting = this.waiting.slice(end + 1);
    this.at = Date.now();
  }
}
