/** One line of what a confirmed stop did. */

import { fine } from "../kakoclaw/clock.js";

export function receiptLine(receipt) {
  if (!receipt || !Object.keys(receipt).length) return "";
  const { elapsed_ms: elapsed, processes = [], tool, by, reason } = receipt;
  const me = document.body.dataset.user;
  return [
    elapsed === undefined || elapsed === null ? "Stopped" : `Stopped in ${fine(elapsed)}`,
    processes.length ? `killed ${processes.length} ${processes.length === 1 ? "process" : "processes"}` : "",
    tool ? `during ${tool}` : "",
    by && by !== me ? `by ${by}` : "",
    reason ? `“${reason}”` : "",
  ].filter(Boolean).join(" · ");
}

/** Who asked for a stop, when and why; the answer so far stays above it. */
export function stopLine({ by, reason, requested_at: at, source }) {
  const who = !by ? "The server" : by === document.body.dataset.user ? "You" : by;
  const how = source === "disconnect" ? " by closing the connection" : "";
  const time = at ? ` at ${new Date(at).toLocaleTimeString()}` : "";
  return `${who} asked it to stop${how}${time}${reason && !how ? `: “${reason}”` : "."}`;
}
