/** The conversation on the page: its turns, and which of them runs. The server's frames are the only truth. */

import { api, at } from "../kakoclaw/http.js";
import { toast } from "../kakoclaw/dom.js";
import { Turn } from "./turn.js";

/** At most this many runs are asked for again after a pause; the server takes no more. */
const MAX_RESUMED = 50;
const randomId = () => crypto.getRandomValues(new Uint32Array(2)).reduce((text, number) => text + number.toString(36), "");

/** Fires `change`, `sent`, and `unsent` (detail: `{content, images}` that did not arrive). */
export class Conversation extends EventTarget {
  constructor(page, connection) {
    super();
    this.page = page;
    this.connection = connection;
    this.list = page.querySelector("[data-turns]");
    this.announcer = page.querySelector("[data-announce]");
    this.turns = new Map();
    this.pending = new Map();
    this.session = page.dataset.session || `web:chat:${Date.now().toString(36)}${randomId().slice(0, 4)}`;
    this.isNew = !page.dataset.session;
    const actions = this.actions = {
      answer: (id, question, answer) => connection.send({ type: "answer", execution_id: id, question_id: question, answer }),
      stop: (turn) => this.stop({ turn }),
    };
    for (const node of this.list.querySelectorAll("[data-turn]")) {
      const turn = new Turn(node, actions);
      if (turn.id) this.turns.set(turn.id, turn);
    }
    connection.addEventListener("open", () => this.subscribe());
    connection.addEventListener("frame", ({ detail }) => this.take(detail));
    if (connection.live) this.subscribe();
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

  /** Send a message: `{content, model, excludeTools, onBusy, images, more}`; `more` are fields of its agent. */
  send({ content, model, excludeTools, onBusy, images = [], more = {} }) {
    const frame = {
      type: "message", content, session_id: this.session, model, exclude_tools: excludeTools, on_busy: onBusy, client_id: randomId(), ...more,
    };
    if (images.length) frame.images = images.map(({ id }) => id);
    const turn = Turn.make(content, this.actions, images);
    turn.sending();
    this.pending.set(frame.client_id, { frame, turn, images });
    this.list.append(turn.node);
    this.page.querySelector("[data-welcome]").hidden = true;
    this.connection.send(frame);
    this.dispatchEvent(new Event("sent"));
    this.changed();
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
      toast(`It was not stopped. ${error.message}`);
    }
    this.changed();
  }

  take(frame) {
    if (frame.session_id && frame.session_id !== this.session) return;
    const handler = { queued: this.accepted, error: this.refused, message: this.said, subscribed: this.synced }[frame.type];
    if (handler) handler.call(this, frame);
    else if (frame.execution_id) this.turn(frame.execution_id)?.apply(frame);
    if (frame.type === "stream_end") {
      this.last = frame.content;
      this.announce(frame.outcome === "succeeded" ? `Answer: ${frame.content.slice(0, 300)}` : `It ended: ${frame.outcome}`);
    }
    if (frame.type === "question") this.announce("It asks you something.");
    // Text alone changes nothing that the composer or the list of chats shows.
    if (!["stream", "thinking", "tool_output", "usage"].includes(frame.type)) this.changed();
  }

  /** The turn of a run; one that started elsewhere is added at the end. */
  turn(id, prompt = "") {
    const known = this.turns.get(id);
    if (known) return known;
    const turn = Turn.make(prompt, this.actions);
    turn.id = id;
    this.turns.set(id, turn);
    this.list.append(turn.node);
    this.page.querySelector("[data-welcome]").hidden = true;
    return turn;
  }

  accepted({ execution_id: id, client_id: client, prompt }) {
    const sent = this.pending.get(client);
    this.pending.delete(client);
    if (this.turns.has(id)) {
      if (sent && sent.turn !== this.turns.get(id)) sent.turn.node.remove();
    } else if (sent) {
      sent.turn.id = id;
      this.turns.set(id, sent.turn);
    } else this.turn(id, prompt);
    const turn = this.turns.get(id);
    if (!turn.started && !turn.seq) turn.show("queued");
    this.last = turn.prompt;
    this.nameSession(turn.prompt);
  }

  /** The first message makes the session: now it has an address and a title. */
  nameSession(prompt) {
    if (!this.isNew) return;
    this.isNew = false;
    const title = prompt.split("\n").find((line) => line.trim())?.trim().slice(0, 80) ?? "Chat";
    this.page.dataset.session = this.session;
    this.title = title;
    history.replaceState(null, "", at(`chat/${encodeURIComponent(this.session).replaceAll("%3A", ":")}`));
  }

  refused({ content, client_id: client, execution_id: id }) {
    const key = this.pending.has(client) ? client : !id && this.pending.size === 1 ? [...this.pending.keys()][0] : null;
    if (key) {
      const { turn, frame, images } = this.pending.get(key);
      this.pending.delete(key);
      turn.node.remove();
      this.dispatchEvent(new CustomEvent("unsent", { detail: { content: frame.content, images } }));
    }
    if (id) this.turns.get(id)?.blocks.questions.forEach((card) => card.complain?.(content));
    toast(content);
  }

  said({ content, role }) {
    if (role === "system") toast(content);
  }

  synced({ status }) {
    if (!status) this.announce("");
  }

  announce(text) {
    this.announcer.textContent = text;
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }
}
