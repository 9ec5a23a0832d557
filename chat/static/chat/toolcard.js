/** One call of a tool: what, with which arguments, what it prints, how it ended. */

import { fine, now } from "../kakoclaw/clock.js";
import { clone, showStatus } from "../kakoclaw/dom.js";
import { labelOf } from "./labels.js";

/** The end of a longer output is shown; all of it is among the run's details. */
const MAX_SHOWN = 40_000;
/** Where the end of it is must be measured each time. */
const DRAW_MS = 80;
const STATUS = { started: "running", finished: "succeeded", error: "failed", canceled: "canceled" };

/** The argument that says most, for the closed card. */
function brief(args) {
  const first = args.command ?? args.path ?? args.url ?? args.query ?? Object.values(args)[0] ?? "";
  return (typeof first === "string" ? first : JSON.stringify(first)).replace(/\s+/g, " ").slice(0, 300);
}

function asText(args) {
  return Object.entries(args).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join("\n");
}

export class ToolCard {
  constructor(frame, replayed) {
    this.node = clone("tool");
    this.started = replayed ? null : now();
    this.node.querySelector("summary").addEventListener("click", () => { this.touched = true; });
    this.streamed = "";
    this.waiting = "";
    this.name = frame.name;
    this.part("name").textContent = frame.name;
    this.update(frame);
  }

  part(name) {
    return this.node.querySelector(`[data-part=${name}]`);
  }

  update({ status, args, result }, replayed = false) {
    const shown = STATUS[status] ?? "running";
    this.node.dataset.status = shown;
    showStatus(this.part("status"), shown);
    if (args && Object.keys(args).length) {
      const label = labelOf(this.name, args);
      this.part("name").textContent = label?.verb ?? this.name;
      this.part("brief").textContent = label ? label.what : brief(args);
      const long = asText(args);
      this.part("args").textContent = long;
      // A single short argument is already in the summary.
      this.part("args").hidden = Object.keys(args).length === 1 && long.length < 90 && !long.includes("\n");
    }
    if (status === "started" || !status) return;
    this.draw();
    if (this.started && !replayed) this.part("elapsed").textContent = fine(now() - this.started);
    // What was streamed and the result are often the same; the result is what the agent was given.
    if (result && shown === "canceled" && this.streamed) this.write(`${this.streamed.endsWith("\n") ? "" : "\n"}${result}`);
    else if (result) this.write(result, true);
  }

  /** Show more of what it prints, some times a second; the end of a very long output stays in view. */
  output(text) {
    this.waiting += text;
    if (this.scheduled) return;
    this.scheduled = true;
    setTimeout(() => this.draw(), DRAW_MS);
  }

  draw() {
    this.scheduled = false;
    const text = this.waiting;
    if (!text) return;
    this.waiting = "";
    this.streamed = (this.streamed + text).slice(-MAX_SHOWN);
    this.write(text);
    this.node.open ||= !this.touched;
  }

  write(text, whole = false) {
    const output = this.part("output");
    const atEnd = output.scrollHeight - output.scrollTop - output.clientHeight < 24;
    if (whole) output.textContent = text.slice(-MAX_SHOWN);
    else if (output.textContent.length > MAX_SHOWN * 1.5) output.textContent = this.streamed;
    else output.append(text);
    output.hidden = !output.textContent;
    if (atEnd) output.scrollTop = output.scrollHeight;
  }

  /** It was still running when the run ended. */
  interrupt(outcome) {
    if (this.node.dataset.status === "running") this.update({ status: outcome === "canceled" ? "canceled" : "error" });
  }
}
