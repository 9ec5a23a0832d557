/** Times that tick, in the server's time: a wrong clock on the reader's machine shows no wrong duration. */

const skew = Date.parse(document.body.dataset.now) - Date.now() || 0;

/** Now by the server's clock, in ms since the epoch. */
export const now = () => Date.now() + skew;

const two = (number) => String(number).padStart(2, "0");

/** `42 s`, `3 m 05 s`, `1 h 02 m`. */
export function whole(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} m`;
}

/** As `whole`, and finer below ten seconds: `340 ms`, `4.2 s`. */
export function fine(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  return ms < 10_000 ? `${(Math.floor(ms / 100) / 10).toFixed(1)} s` : whole(ms);
}

/** How long ago, for lists: `now`, `5 m`, `3 h`, or the date. */
export function ago(iso) {
  const then = Date.parse(iso);
  const minutes = Math.floor((now() - then) / 60_000);
  if (Number.isNaN(then)) return "";
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} m`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h`;
  return new Date(then).toLocaleDateString(undefined, { day: "numeric", month: "short" });
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

/** Moments in the reader's own time zone, once: in the text, or in full when pointed at. */
function localize() {
  for (const node of document.querySelectorAll("time[data-local]")) {
    node.textContent = new Date(node.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  }
  for (const node of document.querySelectorAll("time[data-local-title]")) {
    node.title = new Date(node.dateTime).toLocaleString(undefined, { dateStyle: "full", timeStyle: "medium" });
  }
}

export function startClock() {
  localize();
  document.addEventListener("refreshed", localize);
  tick();
  setInterval(tick, 1000);
}
