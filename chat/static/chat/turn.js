/** One message of yours and the run that answers it. It shows what the server said, and nothing before it did. */

import { api, at, json } from "../kakoclaw/http.js";
import { everySecond, fine, now, whole } from "../kakoclaw/clock.js";
import { clone, el, showStatus, toast } from "../kakoclaw/dom.js";
import { dollars, fill, gettext } from "../kakoclaw/i18n.js";
import { Blocks } from "./blocks.js";
import { boxCode, copyText } from "./code.js";
import { receiptLine, stopLine } from "./receipt.js";
import { toggleSteps } from "./steps.js";
import { showVersions } from "./versions.js";

const UNFINISHED = new Set(["queued", "running", "waiting", "stopping"]);
const SILENT_MS = 15_000;

/** A small picture of an attached image that leads to the whole one. */
function picture({ id, name }) {
  const address = at(`api/v1/attachments/${id}`);
  return el("a", { href: address, target: "_blank", rel: "noopener" }, el("img", { src: address, alt: name, width: 72, height: 72 }));
}

export class Turn {
  /** `node` is rendered by the server or a clone of the same template; `actions` is the conversation. */
  constructor(node, actions) {
    this.node = node;
    // Found now: what the run adds later has parts of its own.
    this.parts = new Map([...node.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    this.blocks = new Blocks(this.part("blocks"), {
      answer: (question, answer) => actions.answer(this.id, question, answer),
      details: () => this.part("details").href,
    });
    boxCode(this.part("blocks"));
    this.seq = 0;
    this.known = Number(node.dataset.last) || 0;
    this.heard = Date.parse(node.dataset.heard) || now();
    this.started = Date.parse(node.dataset.started) || null;
    this.note = this.part("note").textContent;
    const pressed = {
      stop: () => actions.stop({ turn: this }),
      session: () => this.copySession(),
      copy: () => this.copy(),
      "steps-button": () => toggleSteps(this),
      edit: () => actions.edit(this),
      retry: () => actions.retry(this),
      fork: () => actions.fork(this),
    };
    for (const [name, act] of Object.entries(pressed)) {
      this.part(name).addEventListener("click", () => Promise.resolve(act()).catch((error) => toast(error.message)));
    }
    if (this.status) this.show(this.status);
  }

  static make(prompt, actions, images = []) {
    const turn = new Turn(clone("turn"), actions);
    turn.part("prompt").textContent = prompt;
    turn.part("ask").hidden = !prompt;
    turn.images = images;
    turn.part("pictures").append(...images.map(picture));
    turn.part("pictures").hidden = images.length === 0;
    return turn;
  }

  part(name) {
    return this.parts.get(name);
  }

  get id() {
    return Number(this.node.dataset.execution) || null;
  }

  set id(value) {
    this.node.dataset.execution = value;
    const link = this.part("details");
    link.href = at(`executions/${value}`);
    link.hidden = false;
  }

  /** Its place in the session, from 1; 0 while it is not known. */
  get number() {
    return Number(this.node.dataset.number) || 0;
  }

  set number(value) {
    this.node.dataset.number = value;
  }

  get status() {
    return this.node.dataset.status;
  }

  get unfinished() {
    return UNFINISHED.has(this.status);
  }

  get prompt() {
    return this.part("prompt").textContent;
  }

  /** Whether its agent keeps the conversation itself, so that nothing of it can be taken back. */
  get kept() {
    return this.node.dataset.kept === "yes";
  }

  /** Take one frame of the server; a frame seen before changes nothing. */
  apply(frame) {
    if (frame.seq && frame.seq <= this.seq) return;
    if (frame.seq) this.seq = frame.seq;
    this.replayed = frame.seq <= this.known;
    if (!this.replayed) this.heard = now();
    this.handlers[frame.type]?.call(this, frame);
  }

  handlers = {
    stream_start({ model, agent, started_at: started }) {
      this.started ??= Date.parse(started) || now();
      this.note = model || agent || "";
      this.blocks.clear();
      this.show("running");
    },
    stream({ content }) { this.blocks.write("text", content); },
    thinking({ content }) { this.blocks.write("thinking", content); },
    tool_call(frame) { this.blocks.tool(frame, this.replayed); },
    tool_output(frame) { this.blocks.output(frame); },
    notice({ content, level }) { this.blocks.notice(content, level); },
    question(frame) {
      this.blocks.question(frame);
      if (this.status !== "stopping") this.show("waiting");
    },
    answered(frame) {
      this.blocks.answered(frame);
      if (this.status === "waiting") this.show("running");
    },
    usage({ cost_usd: cost }) { this.cost = cost; },
    cli_session({ cli_session_id: id }) { this.cliSession(id); },
    stopping(frame) {
      this.blocks.notice(stopLine(frame));
      this.show("stopping");
    },
    stream_end(frame) { this.end(frame); },
  };

  end({ outcome, error, content, html, receipt, duration_ms: duration }) {
    const status = outcome ?? (error ? "failed" : "succeeded");
    this.blocks.end(status);
    this.content = content;
    if (this.blocks.segments === 1 && html) this.blocks.render([html]);
    else if (this.blocks.segments > 1) this.renderSegments();
    else if (html && !this.blocks.segments && content) {
      this.blocks.write("text", content);
      this.blocks.close();
      this.blocks.render([html]);
    }
    const line = receiptLine(receipt);
    if (error && status !== "canceled") this.complain(error);
    this.note = [line || this.note, this.cost ? dollars(this.cost) : ""].filter(Boolean).join(" · ");
    this.show(status);
    this.part("elapsed").textContent = duration ? fine(duration) : this.started && !line ? fine(now() - this.started) : "";
    this.part("copy").hidden = !content;
  }

  /** Several pieces of text with tools in between: the server renders each piece for its own place. */
  async renderSegments() {
    try {
      this.blocks.render((await json(at(`chat/segments/${this.id}`))).segments);
    } catch (error) {
      console.warn("the answer stays as it was streamed:", error.message);
    }
  }

  /** The CLI's own session, by which it can be continued elsewhere. */
  cliSession(id) {
    const button = this.part("session");
    button.dataset.cliSession = id;
    button.querySelector("code").textContent = id.slice(0, 8);
    button.hidden = false;
    this.node.dataset.kept = "yes";
  }

  async copySession() {
    await navigator.clipboard.writeText(this.part("session").dataset.cliSession);
    toast(gettext("The CLI’s session id was copied."));
  }

  versions(versions) {
    showVersions(this.part("versions"), versions);
  }

  complain(text) {
    this.part("error").textContent = text;
    this.part("error").hidden = false;
  }

  /** On its way to the server. */
  sending() {
    this.part("foot").hidden = false;
    this.part("note").textContent = gettext("Sending…");
  }

  /** You asked it to stop; it says `stopping` once the server does. */
  stopRequested(reason) {
    this.asked = true;
    this.reason = reason;
    this.part("stop").disabled = true;
  }

  stopFailed() {
    this.asked = false;
    this.part("stop").disabled = false;
  }

  show(status) {
    this.node.dataset.status = status;
    const { unfinished } = this;
    this.node.classList.toggle("live", unfinished && status !== "queued");
    this.part("foot").hidden = false;
    showStatus(this.part("status").firstElementChild, status);
    this.part("note").textContent = this.note;
    this.part("stop").hidden = status !== "queued";
    this.part("edit").hidden = this.part("retry").hidden = this.part("fork").hidden = unfinished || !this.id || !this.prompt;
    if (unfinished && !this.endTicking) this.endTicking = everySecond(() => this.tick());
    if (!unfinished) {
      this.endTicking?.();
      this.endTicking = null;
    }
    this.tick();
  }

  /** Once a second while it is unfinished: how long it runs, and how long it has been silent. */
  tick() {
    if (!this.unfinished || this.status === "queued") return;
    if (this.started) this.part("elapsed").textContent = whole(now() - this.started);
    const silent = now() - this.heard;
    const quiet = this.status === "running" && silent > SILENT_MS;
    const spent = this.cost ? ` · ${dollars(this.cost)}` : "";
    this.part("note").textContent = quiet ? fill(gettext("no output for %(time)s"), { time: whole(silent) }) : this.note + spent;
  }

  async copy() {
    await copyText(this.content ?? this.part("blocks").innerText, this.part("copy"));
  }

  /** What the REST API knows of it, where no frame will come. */
  async reconcile() {
    const run = await api("GET", `executions/${this.id}/`);
    if (run.state === "finished" && this.unfinished) {
      this.end({ outcome: run.outcome, error: run.error, content: run.output, receipt: run.receipt, duration_ms: run.duration_ms });
    }
  }

  /** It leaves the page; nothing of it may tick on. */
  remove() {
    this.endTicking?.();
    this.endTicking = null;
    this.node.remove();
  }
}
