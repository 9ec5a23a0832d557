/** Moving queued runs by their grip: where one is let go says which priority it needs. The keyboard has + and −. */

const queued = (list) => [...list.querySelectorAll(":scope > [data-queued]")];
const priorityOf = (row) => Number(row.dataset.queued);
const idOf = (row) => Number(row.dataset.key);

/** The priority with which `row` comes where it now stands in the list; of equals, the older one is first. */
export function priorityAt(row) {
  const rows = queued(row.parentElement);
  const at = rows.indexOf(row);
  const [above, below] = [rows[at - 1], rows[at + 1]];
  if (below) return priorityOf(below) + (idOf(row) < idOf(below) ? 0 : 1);
  return above ? priorityOf(above) - (idOf(row) > idOf(above) ? 0 : 1) : priorityOf(row);
}

/** `moved(row, priority)` is called when one was let go somewhere else. */
export function startDragging(moved) {
  let row = null;
  let next = null;

  function back() {
    row.parentElement.insertBefore(row, next);
  }

  function end(event) {
    if (!row) return;
    const [dropped, was] = [row, row.nextElementSibling !== next];
    dropped.classList.remove("dragging");
    if (event.type !== "pointerup") back();
    row = null;
    if (event.type === "pointerup" && was) moved(dropped, priorityAt(dropped));
  }

  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button !== 0) return;
    event.preventDefault();
    row = grip.closest("[data-queued]");
    next = row.nextElementSibling;
    row.classList.add("dragging");
    grip.setPointerCapture(event.pointerId);
  });
  document.addEventListener("pointermove", ({ clientY }) => {
    if (!row) return;
    const others = queued(row.parentElement).filter((other) => other !== row);
    const under = others.find((other) => clientY < other.getBoundingClientRect().top + other.offsetHeight / 2);
    if (under) under.before(row);
    else others.at(-1)?.after(row);
  });
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && row) end(event); });
}
