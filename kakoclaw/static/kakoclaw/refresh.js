/** Parts of a page that the server renders again when something changed: `<… data-refresh="URL" data-key="…">`.
 *
 * Children with a `data-key` are replaced one by one and only when they differ, so that focus, checked boxes, open
 * details and the reader's place survive.
 */

import { page } from "./http.js";
import { tasks } from "./tasks.js";

const SECONDS = 5;

function keep(before, after) {
  for (const box of before.querySelectorAll("input[type=checkbox]:checked")) {
    const same = [...after.querySelectorAll("input[type=checkbox]")].find((other) => other.value === box.value);
    if (same) same.checked = true;
  }
  for (const open of before.querySelectorAll("details[open][id]")) after.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
  const focused = before.contains(document.activeElement) && document.activeElement.dataset.focus;
  return () => { if (focused) after.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true }); };
}

/** Make `before` look like `after` (the same element, rendered later). */
function morph(before, after) {
  const old = new Map([...before.children].map((child) => [child.dataset.key, child]));
  const wanted = [...after.children];
  if (!wanted.length || wanted.some((child) => !child.dataset.key)) {
    const refocus = keep(before, after);
    before.replaceChildren(...after.childNodes);
    refocus();
    return;
  }
  wanted.forEach((child, index) => {
    const same = old.get(child.dataset.key);
    old.delete(child.dataset.key);
    if (same && same.dataset.version === child.dataset.version) {
      if (before.children[index] !== same) before.insertBefore(same, before.children[index] ?? null);
      return;
    }
    if (same) {
      const refocus = keep(same, child);
      same.replaceWith(child);
      if (before.children[index] !== child) before.insertBefore(child, before.children[index] ?? null);
      refocus();
    } else before.insertBefore(child, before.children[index] ?? null);
  });
  for (const gone of old.values()) gone.remove();
  for (const stray of [...before.children].slice(wanted.length)) stray.remove();
}

/** Fetch the page again and take over every part that is marked. */
export async function refresh() {
  const parts = [...document.querySelectorAll("[data-refresh]")];
  if (!parts.length) return;
  const fresh = await page(location.href);
  // What somebody has in hand is not taken from it; letting go asks again.
  if (document.querySelector(".dragging")) return;
  for (const part of parts) {
    const after = fresh.querySelector(`[data-refresh="${CSS.escape(part.dataset.refresh)}"]`);
    if (!after) continue;
    part.dataset.live = after.dataset.live ?? "";
    morph(part, document.adoptNode(after));
  }
  document.dispatchEvent(new Event("refreshed"));
}

let timer = null;
const soon = () => {
  timer ??= setTimeout(() => {
    timer = null;
    refresh().catch((error) => console.warn("refreshing:", error.message));
  }, 150);
};

export function startRefresh() {
  if (!document.querySelector("[data-refresh]")) return;
  tasks.addEventListener("change", soon);
  tasks.addEventListener("open", soon);
  setInterval(() => {
    if (!document.hidden && document.querySelector("[data-refresh][data-live=yes]")) soon();
  }, SECONDS * 1000);
}
