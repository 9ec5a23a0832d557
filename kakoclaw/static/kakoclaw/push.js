/** Notifications with no page open: this browser's subscription, and what the server knows of it. */

import { api } from "./http.js";
import { wanted } from "./notify.js";

const KINDS = ["finished", "failed", "asks"];
const { user, login, root } = document.body.dataset;
/** Switched on by this person in this browser; ended by signing out, and taken up again after the next sign-in. */
const KEY = `kakoclaw.push.${user}`;

export const supported = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
export const isOn = () => supported && localStorage.getItem(KEY) !== null && Notification.permission === "granted";

const kinds = () => KINDS.filter((kind) => wanted.get(`notification.${kind}`));

/** What the server was told last, and when: another day, sign-in, language or choice is told again. */
const state = () => JSON.stringify([login, document.documentElement.lang, kinds(), new Date().toISOString().slice(0, 10)]);

const same = (bytes, text) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") === text;

/** Resolves to the subscription for the site's key, made when there is none. */
async function subscription() {
  const { key } = await api("GET", "push/");
  await navigator.serviceWorker.register(`${root}service-worker.js`);
  const { pushManager } = await navigator.serviceWorker.ready;
  const held = await pushManager.getSubscription();
  if (held && same(held.options.applicationServerKey, key)) return held;
  await held?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

/** Have the server tell this browser. Resolves to what the server knows of it. */
export async function switchOn() {
  if (!kinds().length) for (const kind of KINDS) wanted.set(`notification.${kind}`, true);
  const now = state();
  const { endpoint, keys } = (await subscription()).toJSON();
  const browser = await api("POST", "push/", { endpoint, keys, kinds: kinds() });
  localStorage.setItem(KEY, now);
  return browser;
}

/** Have nobody tell this browser. */
export async function switchOff() {
  localStorage.removeItem(KEY);
  const registration = await navigator.serviceWorker.getRegistration(root);
  const held = await registration?.pushManager.getSubscription();
  if (!held) return;
  const { browsers } = await api("GET", "push/");
  const ours = browsers.find((browser) => browser.endpoint === held.endpoint);
  if (ours) await api("DELETE", `push/${ours.id}/`);
  await held.unsubscribe();
}

/** Tell the server what has changed since it was told, if notifications are on. */
export async function keepPush() {
  if (user && isOn() && localStorage.getItem(KEY) !== state()) await switchOn();
}
