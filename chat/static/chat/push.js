/** The switch on the settings page for notifications with no page open. */

import { toast } from "../kakoclaw/dom.js";
import { api } from "../kakoclaw/http.js";
import { gettext } from "../kakoclaw/i18n.js";
import { isOn, keepPush, supported, switchOff, switchOn } from "../kakoclaw/push.js";

const part = document.querySelector("[data-push]");
const box = part.querySelector("[data-push-switch]");
const says = part.querySelector("[data-push-says]");
const test = part.querySelector("[data-push-test]");
let browser = null;

/** Why it can't be switched on here, in words; empty when it can. */
function obstacle() {
  if (!window.isSecureContext) return gettext("It takes a connection by HTTPS to this site.");
  if (!supported) return gettext("This browser can't do it. On an iPhone or iPad, add KakoClaw to the home screen first.");
  if (Notification.permission === "denied") return gettext("The browser does not allow notifications from this site. Allow them in its settings for this site, then try again.");
  return "";
}

function show(problem = obstacle()) {
  box.checked = isOn();
  box.disabled = !isOn() && Boolean(obstacle());
  says.textContent = problem;
  says.hidden = !problem;
  test.hidden = !isOn();
}

async function changed(showWanted) {
  box.disabled = true;
  try {
    if (!box.checked) await switchOff();
    else if (await Notification.requestPermission() === "granted") browser = await switchOn();
    show();
  } catch (error) {
    show(error.message);
  }
  showWanted();
}

async function sendTest() {
  browser ??= await switchOn();
  await api("POST", `push/${browser.id}/test/`);
  toast(gettext("Sent. It should arrive within a few seconds."));
}

/** Begin; `showWanted` shows the switches of single kinds anew. */
export function startPushSwitch(showWanted) {
  part.hidden = false;
  show();
  box.addEventListener("change", () => changed(showWanted));
  test.addEventListener("click", () => sendTest().catch((error) => toast(error.message)));
  document.addEventListener("wanted", () => keepPush().catch((error) => show(error.message)));
}
