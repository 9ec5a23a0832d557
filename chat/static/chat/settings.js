/** The switches of the settings page; what they say is kept in this browser. */

import { sound, wanted } from "../kakoclaw/notify.js";

const refused = document.querySelector("[data-refused]");

async function changed(box) {
  const name = box.dataset.wanted;
  if (name === "notifications" && box.checked) {
    const permission = window.Notification ? await Notification.requestPermission() : "denied";
    box.checked = permission === "granted";
    refused.hidden = box.checked;
  }
  if (name === "sound" && box.checked) sound();
  wanted.set(name, box.checked);
}

for (const box of document.querySelectorAll("[data-wanted]")) {
  box.checked = wanted.get(box.dataset.wanted) && (box.dataset.wanted !== "notifications" || window.Notification?.permission === "granted");
  box.addEventListener("change", () => changed(box));
}
