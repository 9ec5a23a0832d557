/** The conversation on the page: its turns, and which of them runs. The server's frames are the only truth. */

import { api, at } from "../kakoclaw/http.js";
import { toast } from "../kakoclaw/dom.js";
import { fill, gettext } from "../kakoclaw/i18n.js";
import { edit } from "./editing.js";
import { Spoken } from "./spoken.js";
import { Turn } from "./turn.js";
import { chatAddress } from "./versions.js";

/** At most this many runs are asked for again after a pause; the server takes no more. */
const MAX_RESUMED = 50;
const randomId = () => crypto.getRandomValues(new Uint32Array(2)).reduce((text, number) => text + number.toString(36), "");

/** Fires `change`, `sent`, `unsent` (detail: `{content, images}` that did not arrive) and `draft` (detail: a text to send). */
export class Conversation extends EventTarget {
  constructor(page, connection) {
    super();
    this.page = page;
    this.connection = connection;
    this.list = page.querySelector("[data-turns]");
    this.spoken = new Spoken(page.querySelector("[data-announce]"));
    this.turns = new Map();
    this.pending = new Map();
    this.session = page.dataset.session || `web:chat:${Date.now().toString(36)}${randomId().slice(0, 4)}`;
    this.isNew = !page.dataset.session;
    /** What a message is sent with: `{model, excludeTools, more}`. */
    this.options = () => ({});
    for (const node of this.list.querySelectorAll("[data-turn]")) this.adopt(node);
    connection.addEventListener("open", () => this.subscribe());
    connection.addEventListener("frame", ({ detail }) => this.take(detail));
    if (connection.live) this.subscribe();
  }

  /** Take over a turn that the server has rendered; returns it. */
  adopt(node) {
    const turn = new Turn(node, this);
    if (turn.id) this.turns.set(turn.id, turn);
    return turn;
  }

  /** Let a turn leave the page. */
  forget(turn) {
    this.turns.delete(turn.id);
    turn.remove();
  }

  /** The run that Stop stops: the one that has started, else the first in the queue. */
  get current() {
    const unfinished = [...this.turns.values()].filter((turn) => turn.unfinished);
    return unfinished.find((turn) => turn.status !== "queued") ?? unfinished[0] ?? null;
  }

  get busy() {
    return this.current !== null || this.pending.size > 0;
  }

  /** Follow this session from where the page is; messages without a reply are sent again under the same name. */
  subscribe() {
    const unfinished = [...this.turns.values()].filter((turn) => turn.unfinished).slice(-MAX_RESUMED);
    const after = Object.fromEntries(unfinished.map((turn) => [turn.id, turn.seq]));
    this.connection.send({ type: "subscribe", session_id: this.session, after });
    // A request to stop may have been lost with the connection; asking twice is harmless.
    for (const turn of unfinished) {
      if (turn.asked) this.connection.send({ type: "cancel", execution_id: turn.id, reason: turn.reason });
    }
    for (const { frame } of this.pending.values()) this.connection.send(frame);
  }

  answer(id, question, answer) {
    return this.connection.send({ type: "answer", execution_id: id, question_id: question, answer });
  }

  /** Send a message: `{content, model, excludeTools, onBusy, images, more, replaces}`; `more` are fields of its agent. */
  send({ content, model = "", excludeTools = [], onBusy = "queue", images = [], more = {}, replaces = null }) {
    const frame = {
      type: "message", content, session_id: this.session, model, exclude_tools: excludeTools, on_busy: onBusy, client_id: randomId(), ...more,
    };
    if (images.length) frame.images = images.map(({ id }) => id);
    if (replaces) {
      frame.replaces = replaces.id;
      for (const turn of this.from(replaces.number)) turn.node.classList.add("leaving");
    }
    const turn = Turn.make(content, this, images);
    turn.sending();
    this.pending.set(frame.client_id, { frame, turn, images });
    this.list.append(turn.node);
    this.page.querySelector("[data-welcome]").hidden = true;
    this.connection.send(frame);
    this.dispatchEvent(new Event("sent"));
    this.changed();
  }

  /** The turns from this place on. */
  from(number) {
    return [...this.turns.values()].filter((turn) => turn.number >= number);
  }

  /** Whether the conversation can go on from before this turn; says why where it can't. */
  mayReplace(turn) {
    if (this.busy) toast(gettext("Something runs in this chat. Stop it first, then change what came before it."));
    else if (turn.kept || this.from(turn.number).some((other) => other.kept)) {
      toast(gettext("Claude keeps this conversation itself and can’t forget its end. Ask again below instead."));
      this.dispatchEvent(new CustomEvent("draft", { detail: turn.prompt }));
    } else return true;
    return false;
  }

  edit(turn) {
    if (this.mayReplace(turn)) edit(turn, (content) => this.send({ ...this.options(), content, replaces: turn }));
  }

  /** Ask the same again: in its place, or below where nothing can be taken back. */
  async retry(turn) {
    if (turn.kept && !this.busy) await api("POST", `executions/${turn.id}/retry/`, {});
    else if (this.mayReplace(turn)) this.send({ ...this.options(), content: turn.prompt, replaces: turn });
  }

  /** Go on from here in a chat of its own. */
  async fork(turn) {
    const kept = [...this.turns.values()].filter((other) => other.kept);
    const cuts = kept.some(({ number }) => number <= turn.number) && kept.some(({ number }) => number > turn.number);
    if (cuts || turn.node.dataset.forkable === "no") {
      toast(gettext("Claude keeps this conversation itself, so a copy would know what came later. Fork its last answer instead."));
      return;
    }
    const made = await api("POST", "chat/fork", { session_id: this.session, execution_id: turn.id });
    location.assign(chatAddress(made.new_session_id));
  }

  /** Stop a run; the page says so when the server does. Without a socket the request goes over HTTP. */
  async stop({ turn = this.current, reason = "" } = {}) {
    if (!turn?.id || !turn.unfinished) return;
    turn.stopRequested(reason);
    this.changed();
    if (this.connection.send({ type: "cancel", execution_id: turn.id, reason })) return;
    try {
      await api("POST", `executions/${turn.id}/cancel/`, { reason });
      await turn.reconcile();
    } catch (error) {
      turn.stopFailed();
      toast(fill(gettext("It was not stopped. %(problem)s"), { problem: error.message }));
    }
    this.changed();
  }

  take(frame) {
    if (frame.session_id && frame.session_id !== this.session) return;
    const handler = { queued: this.accepted, error: this.refused, message: this.said }[frame.type];
    if (handler) handler.call(this, frame);
    else if (frame.execution_id) this.turn(frame.execution_id)?.apply(frame);
    this.tell(frame);
    // Text alone changes nothing that the composer or the list of chats shows.
    if (!["stream", "thinking", "tool_output", "usage"].includes(frame.type)) this.changed();
  }

  /** Tell those who do not see the page. */
  tell({ type, content, outcome }) {
    if (type === "stream") this.spoken.more(content);
    if (type === "question") this.spoken.say(gettext("It asks you something."));
    if (type === "stopping") this.spoken.say(gettext("Stopping…"));
    if (type !== "stream_end") return;
    this.last = content;
    if (outcome === "succeeded") this.spoken.say(fill(gettext("Answer: %(text)s"), { text: content.slice(0, 300) }));
    else if (outcome === "canceled") this.spoken.say(gettext("It was stopped."));
    else this.spoken.say(gettext("It ended without an answer."));
  }

  /** The turn of a run; one that started elsewhere is added at the end. */
  turn(id, prompt = "") {
    const known = this.turns.get(id);
    if (known) return known;
    const turn = Turn.make(prompt, this);
    turn.id = id;
    this.turns.set(id, turn);
    this.list.append(turn.node);
    this.page.querySelector("[data-welcome]").hidden = true;
    return turn;
  }

  accepted({ execution_id: id, client_id: client, prompt, turn: number, versions }) {
    const sent = this.pending.get(client);
    this.pending.delete(client);
    if (this.turns.has(id)) {
      if (sent && sent.turn !== this.turns.get(id)) sent.turn.node.remove();
    } else if (sent) {
      sent.turn.id = id;
      this.turns.set(id, sent.turn);
    } else this.turn(id, prompt);
    const turn = this.turns.get(id);
    turn.number = number || turn.number || Math.max(0, ...[...this.turns.values()].map((other) => other.number)) + 1;
    // It may have taken the place of others, here or in another tab.
    for (const other of this.from(turn.number)) if (other !== turn && other.id < id) this.forget(other);
    if (versions) turn.versions(versions);
    if (!turn.started && !turn.seq) turn.show("queued");
    this.last = turn.prompt;
    this.nameSession(turn.prompt);
  }

  /** The first message makes the session: now it has an address and a title. */
  nameSession(prompt) {
    if (!this.isNew) return;
    this.isNew = false;
    const title = prompt.split("\n").find((line) => line.trim())?.trim().slice(0, 80) ?? gettext("Chat");
    this.page.dataset.session = this.session;
    this.title = title;
    history.replaceState(null, "", at(`chat/${encodeURIComponent(this.session).replaceAll("%3A", ":")}`));
  }

  refused({ content, client_id: client, execution_id: id }) {
    const key = this.pending.has(client) ? client : !id && this.pending.size === 1 ? [...this.pending.keys()][0] : null;
    if (key) {
      const { turn, frame, images } = this.pending.get(key);
      this.pending.delete(key);
      turn.remove();
      for (const node of this.list.querySelectorAll(".leaving")) node.classList.remove("leaving");
      this.dispatchEvent(new CustomEvent("unsent", { detail: { content: frame.content, images } }));
    }
    if (id) this.turns.get(id)?.blocks.questions.forEach((card) => card.complain?.(content));
    toast(content);
  }

  said({ content, role }) {
    if (role === "system") toast(content);
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }
}
