/** Requests to this server: JSON in, JSON out, an Error that says what went wrong in words. */

import { fill, gettext } from "./i18n.js";

const token = () => document.querySelector("meta[name=csrf]")?.content ?? "";

/** The address of a path of this site, such as `executions/5`, wherever on its host the site is. */
export const at = (path) => document.body.dataset.root + path;

async function send(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (cause) {
    throw new Error(gettext("The server cannot be reached. Nothing was changed; try again when you are connected."), { cause });
  }
  if (response.status === 401) throw new Error(gettext("You are signed out. Sign in again to go on."));
  return response;
}

const answered = ({ status }) => fill(gettext("The server answered %(status)s."), { status });

/** Return the parsed answer of the API, or null where there is none. */
async function answerOf(response) {
  const isJson = response.headers.get("Content-Type")?.includes("json");
  const answer = isJson ? await response.json() : null;
  if (!response.ok) throw new Error(answer?.detail || answered(response));
  return answer;
}

/** Call the REST API; `path` is relative to `/api/v1/`. Returns the parsed answer, or null where there is none. */
export async function api(method, path, body) {
  const response = await send(`${document.body.dataset.api}/${path}`, {
    method,
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token() },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return answerOf(response);
}

/** Post a form without leaving the page, and return what the server says to it. */
export async function post(url, form) {
  const headers = { Accept: "application/json", "X-CSRFToken": token() };
  return answerOf(await send(url, { method: "POST", headers, body: form }));
}

/** Send one file, and return the parsed answer. */
export async function upload(url, name, file) {
  const form = new FormData();
  form.append(name, file);
  const response = await send(url, { method: "POST", headers: { Accept: "application/json", "X-CSRFToken": token() }, body: form });
  return answerOf(response);
}

/** Fetch JSON that one of the pages answers with. */
export async function json(url) {
  const response = await send(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(answered(response));
  return response.json();
}

/** Fetch a page of this site and return it parsed. */
export async function page(url) {
  const response = await send(url, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(answered(response));
  return new DOMParser().parseFromString(await response.text(), "text/html");
}
