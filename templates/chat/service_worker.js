{% load static %}/* Shows what the server pushes, and opens what it is about. It caches nothing and answers no request of the pages. */
"use strict";

const icon = "{% static 'kakoclaw/favicon.svg' %}";
const LOOKS = "kakoclaw.look:";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

/* A page holds a lock by the name of what it shows, for as long as it is in view. */
async function isSeen(views) {
  const { held } = await navigator.locks.query();
  return views.some((view) => held.some((lock) => lock.name === LOOKS + view));
}

async function show({ title, body, tag, path, views, lang, stays }) {
  if (await isSeen(views)) return;
  await self.registration.showNotification(title, { body, tag, lang, icon, requireInteraction: stays, data: { path } });
}

self.addEventListener("push", (event) => {
  if (event.data) event.waitUntil(show(event.data.json()));
});

async function open(path) {
  const url = new URL(path, self.registration.scope).href;
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = pages.find((page) => page.url.split("#")[0] === url.split("#")[0]);
  await (there ? there.focus() : self.clients.openWindow(url));
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.path));
});
