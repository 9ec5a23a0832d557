/** Stopping runs from a list (one at once, many after a question that says what they do), and moving them in the queue. */

import { confirm } from "../kakoclaw/confirm.js";
import { toast } from "../kakoclaw/dom.js";
import { post } from "../kakoclaw/http.js";
import { fill, gettext, ngettext } from "../kakoclaw/i18n.js";
import { refresh } from "../kakoclaw/refresh.js";
import { startDragging } from "./drag.js";

async function send(url, fields) {
  try {
    const { message } = await post(url, body(fields));
    document.querySelector("[data-said]")?.replaceChildren(message);
  } catch (error) {
    toast(error.message);
  }
  await refresh().catch((error) => toast(error.message));
}

function body(fields) {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  return form;
}

/** Say what would be stopped, and stop it for a yes. */
async function stopMany(form, preview, fields) {
  const { count, text } = await post(preview, body(fields));
  if (!count) {
    toast(gettext("There is nothing left to stop."));
    await refresh();
    return;
  }
  const reason = await confirm({
    title: count === 1 ? gettext("Stop this run?") : fill(ngettext("Stop %(count)s run?", "Stop %(count)s runs?", count), { count }),
    text: fill(gettext("%(what)s. What they have written so far is kept. This can’t be undone."), { what: text }),
    label: gettext("Reason (optional)"),
    yes: gettext("Stop"),
    danger: true,
  });
  if (reason === null) return;
  await send(form.action, [...fields, ["reason", reason]]);
  for (const box of form.querySelectorAll("input:checked")) box.checked = false;
  show();
}

async function submitted(event) {
  const form = event.target.closest("[data-activity]");
  if (!form) return;
  event.preventDefault();
  const button = event.submitter;
  if (button?.dataset.priority) {
    await send(button.formAction, [["priority", button.value]]);
  } else if (button?.dataset.stop) {
    button.disabled = true;
    await send(form.action, [["ids", button.dataset.stop]]);
  } else {
    const everything = button?.name === "all";
    const ids = everything ? [] : [...form.querySelectorAll("[name=ids]:checked")].map((box) => ["ids", box.value]);
    if (!everything && !ids.length) return;
    await stopMany(form, button.formAction, everything ? [["all", "1"]] : ids).catch((error) => toast(error.message));
  }
}

/** In the list: arrows move between runs, + and − change the priority, Delete stops. */
function pressed(event) {
  const row = event.target.closest("[data-activity] .run");
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  const click = (what) => row.querySelector(what)?.click();
  const move = (other) => other?.querySelector("[name=ids]")?.focus();
  const keys = {
    ArrowDown: () => move(row.nextElementSibling),
    ArrowUp: () => move(row.previousElementSibling),
    "+": () => click("[data-priority=sooner]"),
    "-": () => click("[data-priority=later]"),
    Delete: () => click("[data-stop]"),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
}

/** The buttons for many say what can be done. */
function show() {
  const bulk = document.querySelector("[data-bulk]");
  if (!bulk) return;
  const boxes = [...document.querySelectorAll("[name=ids][type=checkbox]")];
  const chosen = boxes.filter((box) => box.checked).length;
  const all = bulk.querySelector("[data-all]");
  bulk.hidden = boxes.length === 0;
  all.checked = boxes.length > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
  bulk.querySelector("[data-selected]").disabled = chosen === 0;
}

startDragging((row, priority) => send(row.querySelector("[data-priority]").formAction, [["priority", priority]]));
document.addEventListener("submit", submitted);
document.addEventListener("keydown", pressed);
document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-all]")) for (const box of document.querySelectorAll("[name=ids][type=checkbox]")) box.checked = target.checked;
  show();
});
document.addEventListener("refreshed", show);
show();
