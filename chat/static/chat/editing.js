/** Changing a message that was sent: it is written anew where it stands, and sent in the place of the old one. */

import { clone } from "../kakoclaw/dom.js";

/** Opens the editor in `turn`; `send(text)` is called with what was written. */
export function edit(turn, send) {
  const ask = turn.part("ask");
  const form = clone("edit");
  const text = form.querySelector("textarea");
  const fit = () => {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
    form.querySelector("[data-send]").disabled = !text.value.trim();
  };
  const close = () => {
    form.remove();
    ask.hidden = false;
    turn.part("edit").focus();
  };
  text.value = turn.prompt;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!text.value.trim()) return;
    const written = text.value;
    close();
    send(written);
  });
  form.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      // This Escape is for the editor, not for what runs.
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.querySelector("[data-back]").addEventListener("click", close);
  text.addEventListener("input", fit);
  ask.hidden = true;
  ask.after(form);
  fit();
  text.focus();
}
