/** What runs, on every page: the count in the rail, the favicon, and `task` events for whoever shows more of it. */

import { json } from "./http.js";
import { setRunning, tell } from "./notify.js";
import { Socket } from "./socket.js";

/** Fires `change` (detail: the frame) for each life-cycle frame, and `open` whenever some may have been missed. */
export const tasks = new EventTarget();

let timer = null;

async function count() {
  timer = null;
  const badge = document.querySelector("[data-count]");
  const { count: number } = await json(badge.dataset.count);
  setRunning(number);
  badge.textContent = number > 99 ? "99+" : String(number);
  badge.hidden = number === 0;
}

/** Count again soon; many changes at once are one count. */
function countSoon() {
  timer ??= setTimeout(() => count().catch((error) => console.warn("counting:", error.message)), 200);
}

const NEWS = {
  waiting: "It asks you something",
  succeeded: "It has finished",
  failed: "It failed",
  timed_out: "It took too long",
  lost: "It was lost",
};

/** What the reader would want to know of while looking elsewhere; a stop is their own doing. */
function announce({ task }) {
  const heading = NEWS[task?.status];
  if (heading) tell(heading, task.title ?? "", `kakoclaw-${task.id}`);
}

export function startTasks() {
  if (!document.querySelector("[data-count]")) return;
  const socket = new Socket(document.body.dataset.tasks);
  socket.addEventListener("open", () => {
    countSoon();
    tasks.dispatchEvent(new Event("open"));
  });
  socket.addEventListener("frame", ({ detail }) => {
    countSoon();
    announce(detail);
    tasks.dispatchEvent(new CustomEvent("change", { detail }));
  });
}
