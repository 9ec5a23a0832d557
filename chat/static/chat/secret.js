/** The button that copies what is shown this once. */

import { gettext } from "../kakoclaw/i18n.js";

const secret = document.querySelector("[data-secret]");
const copy = document.querySelector("[data-copy-secret]");
if (secret && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(secret.textContent);
    copy.lastChild.textContent = gettext("Copied");
  });
}
