/** One line of what a confirmed stop did. */

import { fine } from "../kakoclaw/clock.js";
import { date, fill, gettext, ngettext } from "../kakoclaw/i18n.js";

export function receiptLine(receipt) {
  if (!receipt || !Object.keys(receipt).length) return "";
  const { elapsed_ms: elapsed, processes = [], tool, by, reason } = receipt;
  const me = document.body.dataset.user;
  const count = processes.length;
  return [
    elapsed === undefined || elapsed === null ? gettext("Stopped") : fill(gettext("Stopped in %(time)s"), { time: fine(elapsed) }),
    count ? fill(ngettext("killed %(count)s process", "killed %(count)s processes", count), { count }) : "",
    tool ? fill(gettext("during %(tool)s"), { tool }) : "",
    by && by !== me ? fill(gettext("by %(name)s"), { name: by }) : "",
    reason ? fill(gettext("“%(reason)s”"), { reason }) : "",
  ].filter(Boolean).join(" · ");
}

/** Who asked for a stop, when and why; the answer so far stays above it. */
export function stopLine({ by, reason, requested_at: at, source }) {
  const values = { name: by, reason, time: at ? date(new Date(at), { timeStyle: "medium" }) : "" };
  if (source === "disconnect") return gettext("The connection it belonged to was closed, so it stops.");
  const mine = by === document.body.dataset.user;
  if (reason) {
    if (!by) return fill(gettext("The server asked it to stop at %(time)s: “%(reason)s”"), values);
    if (mine) return fill(gettext("You asked it to stop at %(time)s: “%(reason)s”"), values);
    return fill(gettext("%(name)s asked it to stop at %(time)s: “%(reason)s”"), values);
  }
  if (!by) return fill(gettext("The server asked it to stop at %(time)s."), values);
  if (mine) return fill(gettext("You asked it to stop at %(time)s."), values);
  return fill(gettext("%(name)s asked it to stop at %(time)s."), values);
}
