/** What runs, on every page: the count in the rail, the favicon, and `task` events for whoever shows more of it. */

import { at, json, page } from "./http.js";
import { gettext } from "./i18n.js";
import { isSeen, once, startLooking } from "./looking.js";
import { setRunning, tell } from "./notify.js";
import { Socket } from "./socket.js";
import { learn, look, since } from "./unseen.js";

/** Fires `change` (detail: the frame) for each life-cycle frame, and `open` whenever some may have been missed. */
export const tasks = new EventTarget();

let timer = null;

async function count() {
  timer = null;
  const badge = document.querySelector("[data-count]");
  const { count: number, ended, now } = await json(`${badge.dataset.count}?since=${encodeURIComponent(since())}`);
  await learn(ended, now);
  setRunning(number);
  badge.textContent = number > 99 ? "99+" : String(number);
  badge.hidden = number === 0;
}

/** Count again soon; many changes at once are one count. */
function countSoon() {
  timer ??= setTimeout(() => count().catch((error) => console.warn("counting:", error.message)), 200);
}

/** By status: the kind that the settings switch, and the words. */
const NEWS = {
  waiting: ["asks", gettext("It asks you something")],
  succeeded: ["finished", gettext("It has finished")],
  failed: ["failed", gettext("It failed")],
  timed_out: ["failed", gettext("It took too long")],
  lost: ["failed", gettext("It was lost")],
};

/** What the reader would want to know of while looking elsewhere; a stop is their own doing. */
async function announce({ task }) {
  const [kind, heading] = NEWS[task?.status] ?? [];
  if (!kind || await isSeen(task)) return;
  const tag = `kakoclaw-${task.id}-${task.status}`;
  await once(tag, () => tell(kind, heading, task.title ?? "", tag, at(`executions/${task.id}`)));
}

/** Show whether the queue is held, as the server says it now. */
async function showHeld() {
  const held = document.querySelector("[data-held]");
  if (!held) return;
  const fresh = (await page(held.dataset.held)).querySelector("[data-held]");
  held.hidden = fresh.hidden;
  held.replaceChildren(...document.adoptNode(fresh).childNodes);
}

const heldSoon = () => showHeld().catch((error) => console.warn("the queue:", error.message));

export function startTasks() {
  if (!document.querySelector("[data-count]")) return;
  startLooking(look);
  const socket = new Socket(document.body.dataset.tasks);
  let before = false;
  socket.addEventListener("open", () => {
    countSoon();
    if (before) heldSoon();
    before = true;
    tasks.dispatchEvent(new Event("open"));
  });
  socket.addEventListener("frame", ({ detail }) => {
    if (detail.type === "queue_changed") {
      heldSoon();
      return;
    }
    countSoon();
    announce(detail).catch((error) => console.warn("telling:", error.message));
    tasks.dispatchEvent(new CustomEvent("change", { detail }));
  });
}
