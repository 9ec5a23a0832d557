/** The executions that have ended while nobody looked, until somebody does. Kept in this browser, for all its tabs. */

import { fill, ngettext } from "./i18n.js";
import { isHere, isSeen } from "./looking.js";
import { setUnseen } from "./notify.js";

const KEY = `kakoclaw.unseen.${document.body.dataset.user}`;
const MOST = 100;
/** Fires `change` when there are more or fewer. */
export const unseen = new EventTarget();
/** Ended a little earlier than was asked about: clocks differ, and a commit takes a moment. */
const OVERLAP = 5000;

/** `begun`, `since`: from and up to when this browser knows what has ended; `unseen`: executions; `seen`: the last ids. */
const load = () => ({ begun: "", since: "", unseen: [], seen: [], ...JSON.parse(localStorage.getItem(KEY) ?? "{}") });

function save(state) {
  state.unseen = state.unseen.slice(-MOST);
  state.seen = state.seen.slice(-MOST);
  localStorage.setItem(KEY, JSON.stringify(state));
  show();
}

export const since = () => {
  const { begun, since: until } = load();
  return until && new Date(Math.max(Date.parse(begun), Date.parse(until) - OVERLAP)).toISOString();
};

/** Take over what the server says has ended up to `now`. */
export async function learn(ended, now) {
  const looked = await Promise.all(ended.map(isSeen));
  const state = load();
  const known = new Set([...state.unseen.map(({ id }) => id), ...state.seen]);
  ended.forEach((task, index) => {
    if (known.has(task.id)) return;
    if (looked[index] || task.status === "canceled") state.seen.push(task.id);
    else state.unseen.push(task);
  });
  state.begun ||= now;
  state.since = now;
  save(state);
}

/** Forget those that somebody looks at now, or all that the history lists. */
export function look() {
  const state = load();
  const all = document.querySelector("[data-runs]") && !document.hidden;
  const gone = state.unseen.filter((task) => all || isHere(task));
  if (all) {
    for (const { id } of gone) document.querySelector(`[data-runs] [data-run="${id}"]`)?.classList.add("new");
  }
  if (gone.length) {
    state.seen.push(...gone.map(({ id }) => id));
    state.unseen = state.unseen.filter((task) => !gone.includes(task));
    save(state);
  } else show();
}

/** The sessions in which something ended that nobody has looked at. */
export const unseenSessions = () => new Set(load().unseen.map(({ session_id: session }) => session));

function show() {
  const count = load().unseen.length;
  setUnseen(count);
  unseen.dispatchEvent(new Event("change"));
  const mark = document.querySelector("[data-unseen]");
  if (!mark) return;
  mark.hidden = count === 0;
  mark.textContent = count > 99 ? "99+" : String(count);
  mark.setAttribute("aria-label", fill(ngettext("%(count)s ended since you looked", "%(count)s ended since you looked", count), { count }));
}

addEventListener("storage", ({ key }) => { if (key === KEY) show(); });
