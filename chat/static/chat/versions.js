/** Where a message was sent in the place of another: which of the versions this is, and the way to the others. */

import { at } from "../kakoclaw/http.js";
import { fill, gettext } from "../kakoclaw/i18n.js";

export const chatAddress = (id) => at(`chat/${encodeURIComponent(id).replaceAll("%3A", ":")}`);

/** Show `{position, count, before, after}` in the `nav` of a turn; the others are sessions by their ids. */
export function showVersions(nav, { position, count, before, after }) {
  const words = nav.querySelector("[data-words]");
  words.textContent = fill(gettext("Version %(position)s of %(count)s"), { position, count });
  for (const [name, id] of Object.entries({ before, after })) {
    const link = nav.querySelector(`[data-${name}]`);
    link.hidden = !id;
    if (id) link.href = `${chatAddress(id)}#turn-${nav.closest("[data-turn]").dataset.number}`;
  }
  nav.hidden = count < 2;
}
