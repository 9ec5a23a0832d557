/** Puts a popover beside the button that opened it, inside the window. */

const MARGIN = 8;

export function place(menu, button) {
  const { left, right, top, bottom } = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const x = left + width + MARGIN > innerWidth ? right - width : left;
  const y = bottom + height + MARGIN > innerHeight ? top - height - 4 : bottom + 4;
  menu.style.left = `${Math.max(MARGIN, Math.min(x, innerWidth - width - MARGIN))}px`;
  menu.style.top = `${Math.max(MARGIN, y)}px`;
}

/** Place the popover of every button with `popovertarget` when it opens. */
export function placeAll(buttons) {
  for (const button of buttons) {
    const menu = document.getElementById(button.getAttribute("popovertarget"));
    menu.addEventListener("toggle", ({ newState }) => {
      if (newState !== "open") return;
      place(menu, button);
      menu.querySelector("input, button")?.focus();
    });
  }
}
