/** What somebody is looking at: in this tab, and in any other tab of this browser.
 *
 * A tab holds a lock by the name of what it shows while it is in view; the browser releases it when the tab goes.
 */

const PREFIX = "kakoclaw.look:";
const page = document.querySelector("[data-chat], [data-execution]");
let release = null;

/** `session:<id>` or `run:<id>`, null when there is neither or nobody looks. */
function here() {
  if (!page || document.hidden) return null;
  return page.dataset.execution ? `run:${page.dataset.execution}` : page.dataset.session ? `session:${page.dataset.session}` : null;
}

function hold() {
  release?.();
  release = null;
  const name = here();
  if (name) {
    navigator.locks?.request(PREFIX + name, { mode: "shared" }, () => new Promise((resolve) => { release = resolve; }))
      .catch((error) => console.warn("looking:", error.message));
  }
}

const names = ({ id, session_id: session }) => [`run:${id}`, ...(session ? [`session:${session}`] : [])];

/** Whether this execution is in view in this tab. */
export const isHere = (task) => names(task).includes(here());

/** Resolves to whether this execution is in view in any tab. */
export async function isSeen(task) {
  if (isHere(task)) return true;
  const held = (await navigator.locks?.query())?.held ?? [];
  return names(task).some((name) => held.some((lock) => lock.name === PREFIX + name));
}

/** Do something in one tab only: the first that asks; the others of the next seconds do not. */
export async function once(name, act) {
  if (!navigator.locks) return act();
  return navigator.locks.request(`kakoclaw.once:${name}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    await act();
    await new Promise((resolve) => setTimeout(resolve, 3000));
  });
}

/** Call `changed` whenever what is in view here may be another. */
export function startLooking(changed) {
  const look = () => {
    hold();
    changed();
  };
  document.addEventListener("visibilitychange", look);
  if (page) new MutationObserver(look).observe(page, { attributes: true, attributeFilter: ["data-session"] });
  look();
}
