/** A WebSocket that comes back. It knows nothing of what it carries. */

const FIRST_DELAY = 250;
const LAST_DELAY = 10_000;

/** Fires `open`, `frame` (detail: the parsed frame) and `state` (detail: connecting, live or lost). */
export class Socket extends EventTarget {
  constructor(path) {
    super();
    this.url = new URL(path, location.href);
    this.url.protocol = this.url.protocol.replace("http", "ws");
    this.delay = FIRST_DELAY;
    this.state = "connecting";
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.hurry(); });
    this.connect();
  }

  connect() {
    this.retry = null;
    this.since = 0;
    this.socket = new WebSocket(this.url);
    this.socket.addEventListener("open", () => {
      this.since = Date.now();
      this.become("live");
      this.dispatchEvent(new Event("open"));
    });
    this.socket.addEventListener("message", ({ data }) => {
      this.dispatchEvent(new CustomEvent("frame", { detail: JSON.parse(data) }));
    });
    this.socket.addEventListener("close", ({ code }) => {
      this.code = code;
      this.become("lost");
      // One that was closed as soon as it was open was refused: asking at once again would not help.
      if (this.since && Date.now() - this.since > LAST_DELAY) this.delay = FIRST_DELAY;
      this.since = 0;
      this.retry = setTimeout(() => this.connect(), this.delay * (0.75 + Math.random() / 2));
      this.delay = Math.min(this.delay * 2, LAST_DELAY);
    });
  }

  /** The network or the reader is back: try now instead of at the end of the delay. */
  hurry() {
    if (!this.retry) return;
    clearTimeout(this.retry);
    this.connect();
  }

  become(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  get live() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** Send a frame; returns whether there was a connection to send it on. */
  send(frame) {
    if (!this.live) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }
}
