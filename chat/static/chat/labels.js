/** What a tool of the Claude CLI does, in words; the server says which verb goes with which tool and argument. */

const labels = JSON.parse(document.getElementById("tool-labels")?.textContent ?? "null");

/** `{verb, what}` for a call such as `Running: pytest`, or null for a tool that has no words of its own. */
export function labelOf(name, args) {
  if (labels?.phrases[name]) return { verb: labels.phrases[name], what: "" };
  const [verb, field] = labels?.verbs[name] ?? [];
  const value = args[field];
  if (!verb || typeof value !== "string" || !value.trim()) return null;
  const what = labels.paths.includes(field) ? value.replace(/\/+$/, "").split("/").at(-1) || value : value;
  return { verb: `${verb}:`, what: what.replace(/\s+/g, " ").trim().slice(0, 300) };
}
