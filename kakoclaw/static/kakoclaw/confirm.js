/** One question in a dialog: yes or back, with an optional line of text. */

const dialog = document.querySelector("[data-confirm]");
const part = (name) => dialog.querySelector(`[data-confirm-${name}]`);

/** Resolves to the text of the input (empty when there is none), or to null when the person went back. */
export function confirm({ title, text = "", label = "", value = "", yes, danger = false }) {
  part("title").textContent = title;
  part("text").textContent = text;
  part("text").hidden = !text;
  part("label").textContent = label;
  part("field").hidden = !label;
  const input = dialog.querySelector("input");
  input.value = value;
  const button = part("yes");
  button.textContent = yes;
  button.classList.toggle("danger", danger);
  button.classList.toggle("main", !danger);
  dialog.returnValue = "";
  dialog.showModal();
  if (label) input.select(); else button.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes" ? input.value.trim() : null), { once: true });
  });
}

// Enter in the input is the yes button, not the first button of the form.
dialog?.querySelector("input").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  dialog.close("yes");
});
