/** Keeps the dashboard's parts live: `<section data-part="URL" data-seconds="N">`, while the page is looked at.
 *
 * Children with a `data-key` are replaced one by one and only when they differ, so that an open table stays open.
 */

import { page } from "../kakoclaw/http.js";
import { fill, gettext } from "../kakoclaw/i18n.js";

const live = document.querySelector("[data-live]");

function say(text, isWrong = false) {
  if (!live || live.textContent === text) return;
  live.textContent = text;
  live.classList.toggle("wrong", isWrong);
}

function replace(before, after) {
  for (const open of before.querySelectorAll("details[open]")) after.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
  if (before.isEqualNode(after)) return;
  const places = [...before.querySelectorAll(".scroll")].map((node) => [node.scrollLeft, node.scrollTop]);
  const index = [...before.querySelectorAll("a, summary, .scroll")].indexOf(document.activeElement);
  before.replaceWith(after);
  [...after.querySelectorAll(".scroll")].forEach((node, n) => node.scrollTo(...(places[n] ?? [0, 0])));
  if (index >= 0) [...after.querySelectorAll("a, summary, .scroll")][index]?.focus({ preventScroll: true });
}

/** Make the children of `here` look like those of `fresh`. */
function renew(here, fresh) {
  const old = new Map([...here.children].map((child) => [child.dataset.key, child]));
  const wanted = [...fresh.children];
  for (const child of wanted) {
    const before = old.get(child.dataset.key);
    old.delete(child.dataset.key);
    if (before) replace(before, document.adoptNode(child));
    else here.append(document.adoptNode(child));
  }
  for (const gone of old.values()) gone.remove();
}

async function ask(section) {
  const here = section.querySelector("[data-here]");
  const { body } = await page(section.dataset.part);
  if (!body.querySelector("[data-key]")) throw new Error(gettext("You are signed out. Sign in again to go on."));
  renew(here, body);
}

function keep(section) {
  const pause = Number(section.dataset.seconds) * 1000;
  let asking = false;
  let at = Date.now();
  const look = async () => {
    if (document.hidden || asking || Date.now() - at < pause) return;
    asking = true;
    try {
      await ask(section);
      say(gettext("live"));
    } catch (error) {
      say(fill(gettext("Not live: %(problem)s"), { problem: error.message }), true);
    } finally {
      asking = false;
      at = Date.now();
    }
  };
  setInterval(look, 500);
  document.addEventListener("visibilitychange", look);
}

say(gettext("live"));
for (const section of document.querySelectorAll("[data-part]")) keep(section);
