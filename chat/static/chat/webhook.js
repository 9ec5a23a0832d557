/** The page of one webhook: its end is asked for twice. */

import { confirm } from "../kakoclaw/confirm.js";
import { gettext } from "../kakoclaw/i18n.js";
import "./secret.js";

const form = document.querySelector("[data-end]");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = gettext("Its log goes with it. What receives it is told nothing more.");
  const yes = await confirm({ title: form.dataset.end, text, yes: gettext("End it"), danger: true });
  if (yes !== null) form.submit();
});
