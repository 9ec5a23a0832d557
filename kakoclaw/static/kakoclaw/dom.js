/** Building and finding elements. Text always goes in as text. */

/** Make an element: `el("p", {class: "soft", "data-x": 1}, "text", child, …)`; null and false attributes are left out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false || value === undefined) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Clone the first element of `<template id=…>`. */
export function clone(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name, classes = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${classes}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

const statuses = JSON.parse(document.getElementById("statuses")?.textContent ?? "{}");

export const wordOf = (status) => statuses[status]?.word ?? status;

/** Show `status` in `node` (a `.status` element) as its icon, its word and its colour. */
export function showStatus(node, status) {
  if (node.dataset.status === status && node.childElementCount) return;
  node.dataset.status = status;
  const word = el("span", {}, wordOf(status));
  node.replaceChildren(icon(statuses[status]?.icon ?? "info", "state"), word);
}

/** Say something once, at the bottom of the page, perhaps with a button (`{label, act}`); it leaves by itself. */
export function toast(text, action = null) {
  const node = document.querySelector("[data-toast]");
  node.replaceChildren(text);
  if (action) {
    const button = el("button", { type: "button", class: "button" }, action.label);
    button.addEventListener("click", () => {
      node.hidden = true;
      Promise.resolve(action.act()).catch((error) => toast(error.message));
    });
    node.append(button);
  }
  node.hidden = false;
  clearTimeout(toast.timer);
  // Whoever points at it, or has come to its button by keyboard, is not done with it.
  const leave = () => {
    if (node.matches(":hover, :focus-within")) toast.timer = setTimeout(leave, 1000);
    else node.hidden = true;
  };
  toast.timer = setTimeout(leave, action ? 10_000 : 6000);
}
