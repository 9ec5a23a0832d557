/** The switches of the settings page; what they say is kept in this browser. */

import { sound, wanted } from "../kakoclaw/notify.js";
import { startPushSwitch } from "./push.js";
import "./secret.js";

const refused = document.querySelector("[data-refused]");

const allowed = () => window.Notification?.permission === "granted";

async function changed(box) {
  const name = box.dataset.wanted;
  if (name.startsWith("notification.") && box.checked && !allowed()) {
    await window.Notification?.requestPermission();
    box.checked = allowed();
    refused.hidden = box.checked;
  }
  if (name.startsWith("sound.") && box.checked) sound();
  wanted.set(name, box.checked);
  document.dispatchEvent(new Event("wanted"));
}

function showWanted() {
  for (const box of document.querySelectorAll("[data-wanted]")) {
    if (box.disabled) continue;
  box.checked = wanted.get(box.dataset.wanted) && (!box.dataset.wanted.startsWith("notification.") || allowed());
  }
}

for (const box of document.querySelectorAll("[data-wanted]")) box.addEventListener("change", () => changed(box));
showWanted();
startPushSwitch(showWanted);

// The theme is used as soon as it is chosen; the button is for pages without scripts.
const themes = document.querySelector("[data-theme-form]");
themes.querySelector("button").hidden = true;
themes.addEventListener("change", () => themes.requestSubmit());
