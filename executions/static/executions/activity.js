/** Stopping runs from a list: one at once, many after a question with room for a reason. */

import { confirm } from "../kakoclaw/confirm.js";
import { toast } from "../kakoclaw/dom.js";
import { post } from "../kakoclaw/http.js";
import { refresh } from "../kakoclaw/refresh.js";

async function send(form, fields) {
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value);
  try {
    await post(form.action, body);
    await refresh();
  } catch (error) {
    toast(error.message);
    await refresh();
  }
}

async function submitted(event) {
  const form = event.target.closest("[data-activity]");
  if (!form) return;
  event.preventDefault();
  const button = event.submitter;
  if (button?.dataset.stop) {
    button.disabled = true;
    await send(form, [["ids", button.dataset.stop]]);
    return;
  }
  const everything = button?.name === "all";
  const ids = everything ? [] : [...form.querySelectorAll("[name=ids]:checked")].map((box) => box.value);
  if (!everything && !ids.length) return;
  const reason = await confirm({
    title: everything ? "Stop everything listed here?" : `Stop ${ids.length === 1 ? "this run" : `these ${ids.length} runs`}?`,
    text: "What they have written so far is kept.",
    label: "Reason (optional)",
    yes: "Stop",
    danger: true,
  });
  if (reason === null) return;
  await send(form, [...ids.map((id) => ["ids", id]), ...(everything ? [["all", "1"]] : []), ["reason", reason]]);
  for (const box of form.querySelectorAll("input:checked")) box.checked = false;
  show();
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

document.addEventListener("submit", submitted);
document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-all]")) for (const box of document.querySelectorAll("[name=ids][type=checkbox]")) box.checked = target.checked;
  show();
});
document.addEventListener("refreshed", show);
show();
