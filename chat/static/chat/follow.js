/** Keeps the end in view while the reader is at the end, and never pulls a reader who scrolled away. */

const NEAR = 48;

export class Follow {
  constructor(thread, button) {
    this.thread = thread;
    this.button = button;
    this.stuck = true;
    this.top = thread.scrollTop;
    this.height = thread.scrollHeight;
    thread.addEventListener("scroll", () => this.moved(), { passive: true });
    button.addEventListener("click", () => this.stick());
    // Whatever makes the conversation grow (text, a card, an image, the keyboard of a phone) is seen here.
    const observer = new ResizeObserver(() => this.grown());
    observer.observe(thread);
    for (const child of thread.children) observer.observe(child);
  }

  get atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.thread;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  /** Nothing was said yet: what is shown instead is read from its beginning. */
  get empty() {
    return this.thread.querySelector("[data-welcome]:not([hidden])") !== null;
  }

  /** Only a move upwards is the reader's will to leave; what grows moves nothing upwards, what shrinks may. */
  moved() {
    const { scrollTop, scrollHeight } = this.thread;
    const up = scrollTop < this.top - 1 && scrollHeight >= this.height;
    this.top = scrollTop;
    this.height = scrollHeight;
    if (this.atEnd) this.stuck = true;
    else if (up) this.stuck = false;
    this.button.hidden = this.stuck || this.atEnd || this.empty;
  }

  grown() {
    if (this.stuck) this.toEnd();
    this.button.hidden = this.stuck || this.atEnd || this.empty;
  }

  toEnd() {
    if (this.empty) return;
    this.thread.scrollTop = this.thread.scrollHeight;
    this.top = this.thread.scrollTop;
    this.height = this.thread.scrollHeight;
  }

  /** Begin at this turn, and not at the end. */
  show(node) {
    this.stuck = false;
    node.scrollIntoView({ block: "start" });
    this.top = this.thread.scrollTop;
    this.button.hidden = this.atEnd;
  }

  stick() {
    this.stuck = true;
    this.toEnd();
    this.button.hidden = true;
  }
}
