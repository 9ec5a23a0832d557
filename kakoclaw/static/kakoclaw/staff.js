/* What the staff's pages add to Unfold's: the theme of the panel, and the keyboard wherever Unfold expects a mouse. */

/* Unfold remembers a theme of its own; what was chosen for the panel holds here, too. It is known before Alpine begins. */
localStorage.setItem("adminTheme", JSON.stringify([...document.documentElement.classList][0] ?? "auto"));

const PRESSED = new Set(["Enter", " "]);

/** Make what listens to clicks alone a button that the keyboard reaches. */
function reachable(element) {
  if (element.matches("a[href], button, input, select, textarea, [role=button]")) return;
  if (!element.hasAttribute("x-on:click")) return;
  element.setAttribute("role", "button");
  element.tabIndex = 0;
  element.addEventListener("keydown", (event) => {
    if (event.target !== element || !PRESSED.has(event.key)) return;
    event.preventDefault();
    element.click();
  });
}

document.addEventListener("DOMContentLoaded", () => {
  for (const element of document.querySelectorAll("[x-on\\:click]")) reachable(element);
});
