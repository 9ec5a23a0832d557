/** The chat's socket: says in words when it is not live, and asks for what was missed when it is back. */

import { everySecond } from "../kakoclaw/clock.js";
import { fill, gettext } from "../kakoclaw/i18n.js";
import { Socket } from "../kakoclaw/socket.js";

const SLOW_MS = 1200;
const BACK_MS = 3000;
const SIGNED_OUT = 4401;

/** Fires `frame` (detail: the frame) and `open`. */
export class Connection extends EventTarget {
  constructor(path, node) {
    super();
    this.node = node;
    this.words = node.querySelector("[data-words]");
    this.countdown = node.querySelector("[data-countdown]");
    this.again = node.querySelector("[data-again]");
    this.away = false;
    this.socket = new Socket(path);
    this.socket.addEventListener("open", () => this.dispatchEvent(new Event("open")));
    this.socket.addEventListener("frame", ({ detail }) => this.dispatchEvent(new CustomEvent("frame", { detail })));
    this.socket.addEventListener("state", ({ detail }) => this.say(detail));
    this.again.addEventListener("click", () => this.socket.hurry());
    everySecond(() => this.tick());
    this.say("connecting");
  }

  /** A connection that is back within a moment is not worth a word. */
  say(state) {
    if (state !== "live") {
      this.timer ??= setTimeout(() => {
        this.away = true;
        this.tick();
      }, SLOW_MS);
      return;
    }
    clearTimeout(this.timer);
    this.timer = null;
    this.show(this.away ? gettext("Connected again.") : "", "");
    this.again.hidden = true;
    if (this.away) setTimeout(() => { if (!this.away) this.show("", ""); }, BACK_MS);
    this.away = false;
  }

  /** Say what is wrong, and how long it is to the next try; only the words are read out. */
  tick() {
    if (!this.away) return;
    const signedOut = this.socket.code === SIGNED_OUT;
    const seconds = Math.ceil((this.socket.retryAt - Date.now()) / 1000);
    if (signedOut) this.show(gettext("Signed out. Reload to sign in."), "");
    else if (navigator.onLine === false) this.show(gettext("You are offline. What runs goes on."), "");
    else this.show(gettext("Not connected. What runs goes on."), seconds > 0 ? fill(gettext("Trying again in %(seconds)s s"), { seconds }) : gettext("Trying…"));
    this.again.hidden = signedOut;
  }

  show(words, countdown) {
    if (this.words.textContent !== words) this.words.textContent = words;
    this.countdown.textContent = countdown;
    this.node.classList.toggle("away", this.away);
  }

  get live() {
    return this.socket.live;
  }

  send(frame) {
    return this.socket.send(frame);
  }
}
