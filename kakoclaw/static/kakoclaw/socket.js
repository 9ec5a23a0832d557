/** A WebSocket that comes back. It knows nothing of what it carries.
 *
 * A connection may be dead without anybody saying so: after a sleep, behind a router that forgot it. So a quiet one is
 * asked whether it is there, and given up when it does not answer.
 */

const FIRST_DELAY = 250;
const LAST_DELAY = 10_000;
const LOOK_MS = 5000;
const QUIET_MS = 30_000;
const PATIENCE_MS = 6000;

/** Fires `open`, `frame` (detail: the parsed frame) and `state` (detail: connecting, live or lost). */
export class Socket extends EventTarget {
  constructor(path) {
    super();
    this.url = new URL(path, location.href);
    this.url.protocol = this.url.protocol.replace("http", "ws");
    this.delay = FIRST_DELAY;
    this.retryAt = 0;
    this.looked = Date.now();
    this.state = "connecting";
    for (const name of ["online", "offline", "pageshow"]) addEventListener(name, () => this.woken());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.woken(); });
    setInterval(() => this.look(), LOOK_MS);
    this.connect();
  }

  connect() {
    this.retry = null;
    this.since = 0;
    const socket = this.socket = new WebSocket(this.url);
    socket.addEventListener("open", () => {
      if (socket !== this.socket) return;
      this.since = this.heard = Date.now();
      this.become("live");
      this.dispatchEvent(new Event("open"));
    });
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.socket) return;
      this.heard = Date.now();
      this.answered();
      const frame = JSON.parse(data);
      if (frame.type !== "pong") this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    });
    socket.addEventListener("close", ({ code }) => { if (socket === this.socket) this.lost(code); });
  }

  lost(code) {
    this.code = code;
    this.answered();
    // One that was closed as soon as it was open was refused: asking at once again would not help.
    if (this.since && Date.now() - this.since > LAST_DELAY) this.delay = FIRST_DELAY;
    this.since = 0;
    const delay = this.delay * (0.75 + Math.random() / 2);
    this.retryAt = Date.now() + delay;
    this.retry = setTimeout(() => this.connect(), delay);
    this.delay = Math.min(this.delay * 2, LAST_DELAY);
    this.become("lost");
  }

  /** The network or the reader is back: try now instead of at the end of the delay. */
  hurry() {
    if (!this.retry) return;
    clearTimeout(this.retry);
    this.retryAt = 0;
    this.connect();
  }

  woken() {
    this.looked = Date.now();
    if (this.retry) this.hurry();
    else this.ask();
  }

  /** Every few seconds; when it was much longer ago, the machine has slept. */
  look() {
    const slept = Date.now() - this.looked > 4 * LOOK_MS;
    this.looked = Date.now();
    if (slept) this.woken();
    else if (this.live && Date.now() - this.heard > QUIET_MS) this.ask();
  }

  /** Is anybody there? */
  ask() {
    if (this.asked || !this.send({ type: "ping" })) return;
    this.asked = setTimeout(() => {
      this.asked = null;
      const dead = this.socket;
      this.socket = null;
      dead.close();
      this.lost(0);
      this.hurry();
    }, PATIENCE_MS);
  }

  answered() {
    clearTimeout(this.asked);
    this.asked = null;
  }

  become(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  get live() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Send a frame; returns whether there was a connection to send it on. */
  send(frame) {
    if (!this.live) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }
}
