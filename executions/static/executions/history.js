/** The days of the filters are the reader's days; what was left empty stays out of the address. */

const form = document.querySelector("[data-filters]");

form.addEventListener("submit", () => {
  const zone = form.querySelector("[data-zone]");
  const days = form.elements.since.value || form.elements.until.value;
  zone.value = days ? Intl.DateTimeFormat().resolvedOptions().timeZone ?? "" : "";
  for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
});

// Coming back by the browser's own button shows the form as it was left.
addEventListener("pageshow", () => { for (const field of form.elements) field.disabled = false; });
