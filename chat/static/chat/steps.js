/** The steps of a finished run, fetched from its journal when somebody wants to see them. */

import { api } from "../kakoclaw/http.js";
import { gettext } from "../kakoclaw/i18n.js";
import { Blocks } from "./blocks.js";
import { stopLine } from "./receipt.js";

/** How an event of the journal looks as a frame of the socket. */
const FRAMES = {
  thinking: (blocks, data) => blocks.write("thinking", data.text),
  tool_started: (blocks, data) => blocks.tool({ ...data, status: "started" }),
  tool_output: (blocks, data) => blocks.output({ call_id: data.call_id, content: data.text }),
  tool_finished: (blocks, data) => blocks.tool(data),
  question: (blocks, data) => blocks.question(data),
  answered: (blocks, data) => blocks.answered(data),
  cancel_requested: (blocks, data) => blocks.notice(stopLine(data)),
  notice: (blocks, data) => blocks.notice(data.text, data.level),
};

async function load(turn, node) {
  const blocks = new Blocks(node, { answer: () => false, details: () => turn.part("details").href });
  let after = 0;
  for (;;) {
    const answer = await api("GET", `executions/${turn.id}/events/?after=${after}&limit=500`);
    const events = answer.events ?? answer.results ?? answer;
    for (const { type, seq, data } of events) {
      FRAMES[type]?.(blocks, data);
      after = seq;
    }
    if (events.length < 500) break;
  }
  blocks.end(turn.status);
}

export async function toggleSteps(turn) {
  const node = turn.part("steps");
  const button = turn.part("steps-button");
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  button.querySelector("span").textContent = open ? gettext("Hide steps") : gettext("Show steps");
  node.hidden = !open;
  if (open && !node.childElementCount) await load(turn, node);
}
