/** The chat's socket: says in words when it is not live, and asks for what was missed when it is back. */

import { Socket } from "../kakoclaw/socket.js";

const SLOW_MS = 1200;
const SIGNED_OUT = 4401;

/** Fires `frame` (detail: the frame) and `open`. */
export class Connection extends EventTarget {
  constructor(path, words) {
    super();
    this.words = words;
    this.socket = new Socket(path);
    this.socket.addEventListener("open", () => this.dispatchEvent(new Event("open")));
    this.socket.addEventListener("frame", ({ detail }) => this.dispatchEvent(new CustomEvent("frame", { detail })));
    this.socket.addEventListener("state", ({ detail }) => this.say(detail));
    this.say("connecting");
  }

  /** A connection that is back within a moment is not worth a word. */
  say(state) {
    if (state === "live") {
      clearTimeout(this.timer);
      this.timer = null;
      this.words.textContent = "";
      return;
    }
    this.timer ??= setTimeout(() => {
      const signedOut = this.socket.code === SIGNED_OUT;
      this.words.textContent = signedOut ? "Signed out. Reload to sign in." : "Not connected. What runs goes on; reconnecting…";
    }, SLOW_MS);
  }

  get live() {
    return this.socket.live;
  }

  send(frame) {
    return this.socket.send(frame);
  }
}
