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

/** Say something once, at the bottom of the page; it leaves by itself. */
export function toast(text) {
  const node = document.querySelector("[data-toast]");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { node.hidden = true; }, 6000);
}
