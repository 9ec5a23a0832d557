/** Blocks of code: what language it is, and a button that copies it. */

import { gettext } from "../kakoclaw/i18n.js";
import { clone } from "../kakoclaw/dom.js";

const COPIED_MS = 1500;

/** Put `pre` into a box with a bar; it need not be in the page yet. */
export function codeBox(pre) {
  const box = clone("code");
  box.querySelector("[data-language]").textContent = pre.dataset.language ?? "";
  box.append(pre);
  return box;
}

/** Give every block of code in `node` its box; what is already in one stays. */
export function boxCode(node) {
  for (const pre of node.querySelectorAll("pre.code")) {
    if (pre.parentElement.dataset.code === undefined) {
      const place = document.createComment("");
      pre.replaceWith(place);
      place.replaceWith(codeBox(pre));
    }
  }
}

/** Say for a moment that it was copied. */
export async function copyText(text, button) {
  await navigator.clipboard.writeText(text);
  const word = button.querySelector("span");
  const before = (button.dataset.word ??= word.textContent);
  word.textContent = gettext("Copied");
  clearTimeout(button.timer);
  button.timer = setTimeout(() => { word.textContent = before; }, COPIED_MS);
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-copy-code]");
  if (button) copyText(button.closest("[data-code]").querySelector("pre").textContent, button);
});
