/** Times that tick, in the server's time: a wrong clock on the reader's machine shows no wrong duration. */

import { date, fill, gettext, number } from "./i18n.js";
import { isKnown } from "./zone.js";

const skew = Date.parse(document.body.dataset.now) - Date.now() || 0;

/** Now by the server's clock, in ms since the epoch. */
export const now = () => Date.now() + skew;

const two = (number) => String(number).padStart(2, "0");

/** `42 s`, `3 m 05 s`, `1 h 02 m`. */
export function whole(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return fill(gettext("%(number)s s"), { number: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return fill(gettext("%(minutes)s m %(seconds)s s"), { minutes, seconds: two(seconds % 60) });
  return fill(gettext("%(hours)s h %(minutes)s m"), { hours: Math.floor(minutes / 60), minutes: two(minutes % 60) });
}

/** As `whole`, and finer below ten seconds: `340 ms`, `4.2 s`. */
export function fine(ms) {
  if (ms < 1000) return fill(gettext("%(number)s ms"), { number: Math.max(0, Math.round(ms)) });
  return ms < 10_000 ? fill(gettext("%(number)s s"), { number: number(Math.floor(ms / 100) / 10, 1) }) : whole(ms);
}

/** How long ago, for lists: `now`, `5 m`, `3 h`, or the date. */
export function ago(iso) {
  const then = Date.parse(iso);
  const minutes = Math.floor((now() - then) / 60_000);
  if (Number.isNaN(then)) return "";
  if (minutes < 1) return gettext("now");
  if (minutes < 60) return fill(gettext("%(number)s m"), { number: minutes });
  if (minutes < 24 * 60) return fill(gettext("%(number)s h"), { number: Math.floor(minutes / 60) });
  return date(then, { day: "numeric", month: "short" });
}

const listeners = new Set();

/** Call `listener` about once a second. Returns a function that ends it. */
export function everySecond(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tick() {
  for (const node of document.querySelectorAll("time[data-since]")) {
    node.textContent = whole(now() - Date.parse(node.dataset.since));
  }
  for (const node of document.querySelectorAll("time[data-ago]")) {
    const text = ago(node.dataset.ago);
    if (node.textContent !== text) node.textContent = text;
  }
  for (const listener of listeners) listener();
}

/** Moments in the reader's own time zone: in full when pointed at, and in the text where the server did not know it. */
function localize() {
  for (const node of isKnown ? [] : document.querySelectorAll("time[data-local]")) {
    node.textContent = date(new Date(node.dateTime), { dateStyle: "medium", timeStyle: "medium" });
  }
  for (const node of document.querySelectorAll("time[data-local-title]")) {
    node.title = date(new Date(node.dateTime), { dateStyle: "full", timeStyle: "medium" });
  }
}

export function startClock() {
  localize();
  document.addEventListener("refreshed", localize);
  tick();
  setInterval(tick, 1000);
}
