/** Choosing a language: used as soon as it is chosen, and what was typed elsewhere on the page is there again after it. */

const KEPT = "kakoclaw.typed";
const form = document.querySelector("[data-language-form]");
const TYPED = "input:not([type=hidden], [type=password], [type=file]), textarea, select";

/** Fields of the other forms by a name that the next page has, too. Passwords are not kept anywhere. */
function* fields() {
  for (const [index, other] of [...document.forms].entries()) {
    if (other === form || other.method !== "post") continue;
    for (const [place, field] of [...other.querySelectorAll(TYPED)].entries()) yield [`${index}.${place}.${field.name}`, field];
  }
}

const hasState = (field) => field.type === "checkbox" || field.type === "radio";

function keep() {
  const typed = [...fields()].map(([name, field]) => [name, hasState(field) ? field.checked : field.value]);
  sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, typed }));
}

function restore() {
  const { path, typed } = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  sessionStorage.removeItem(KEPT);
  if (path !== location.pathname) return;
  const values = new Map(typed);
  for (const [name, field] of fields()) {
    if (!values.has(name)) continue;
    if (hasState(field)) field.checked = values.get(name);
    else field.value = values.get(name);
  }
  form.scrollIntoView({ block: "nearest" });
}

export function startLanguage() {
  if (!form) return;
  restore();
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
  form.addEventListener("submit", keep);
}
