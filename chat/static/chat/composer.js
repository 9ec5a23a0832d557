/** Where you write. Stop is where Send was; while something runs, Enter queues and Ctrl+Enter interrupts. */

import { confirm } from "../kakoclaw/confirm.js";
import { fill, gettext } from "../kakoclaw/i18n.js";
import { wanted } from "../kakoclaw/notify.js";
import { placeAll } from "../kakoclaw/popover.js";
import { AgentChoice } from "./agent.js";
import { Attachments } from "./attachments.js";

const PHONE = matchMedia("(pointer: coarse)");

/** Fires `send` (detail: content, model, excludeTools, onBusy, images, more) and `stop` (detail: reason). */
export class Composer extends EventTarget {
  constructor(form, conversation) {
    super();
    this.form = form;
    this.conversation = conversation;
    this.text = form.querySelector("[data-message]");
    this.parts = Object.fromEntries(
      ["send", "stop", "stop-word", "queue", "interrupt", "reason-button", "model", "tools-word"].map((name) => [name, form.querySelector(`[data-${name}]`)]),
    );
    this.reason = document.querySelector("[data-reason]");
    this.choice = new AgentChoice(form);
    this.images = new Attachments(form, () => this.choice.isClaude);
    for (const part of [this.choice, this.images]) part.addEventListener("change", () => this.show());
    this.tools = [...document.querySelectorAll("#tools input")];
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit("queue");
    });
    this.text.addEventListener("input", () => this.typed());
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.parts.stop.addEventListener("click", () => this.stop());
    this.parts.interrupt.addEventListener("click", () => this.submit("interrupt"));
    document.addEventListener("keydown", (event) => this.escape(event));
    this.reason.addEventListener("submit", (event) => this.stopWithReason(event));
    placeAll(form.querySelectorAll("[popovertarget]"));
    this.restore();
    for (const button of document.querySelectorAll("[data-example]")) {
      button.addEventListener("click", () => this.write(button.dataset.example));
    }
  }

  get draftKey() {
    return `kakoclaw.draft.${this.conversation.isNew ? "new" : this.conversation.session}`;
  }

  /** Bring back what was chosen and written before a reload. */
  restore() {
    const { model } = this.parts;
    const chosen = localStorage.getItem("kakoclaw.model");
    if ([...model.options].some((option) => option.value === chosen)) model.value = chosen;
    model.addEventListener("change", () => localStorage.setItem("kakoclaw.model", model.value));
    const off = new Set(JSON.parse(localStorage.getItem("kakoclaw.tools-off") ?? "[]"));
    for (const box of this.tools) {
      box.checked = !off.has(box.value);
      box.addEventListener("change", () => {
        localStorage.setItem("kakoclaw.tools-off", JSON.stringify(this.excluded));
        this.countTools();
      });
    }
    this.countTools();
    this.text.value ||= sessionStorage.getItem(this.draftKey) ?? "";
    this.typed();
  }

  get excluded() {
    return this.tools.filter((box) => !box.checked).map((box) => box.value);
  }

  countTools() {
    const off = this.excluded.length;
    const values = { chosen: this.tools.length - off, count: this.tools.length };
    this.parts["tools-word"].textContent = off ? fill(gettext("Tools (%(chosen)s of %(count)s)"), values) : gettext("Tools");
  }

  write(text) {
    this.text.value = text;
    this.typed();
    this.text.focus();
  }

  /** A message that was refused comes back, unless something newer is being written. */
  giveBack({ content, images }) {
    if (this.text.value) return;
    this.write(content);
    if (images.length) this.images.giveBack(images);
  }

  typed() {
    sessionStorage.setItem(this.draftKey, this.text.value);
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
    this.show();
  }

  key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    if (PHONE.matches && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.submit((event.ctrlKey || event.metaKey) && this.conversation.busy ? "interrupt" : "queue");
  }

  escape(event) {
    if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
    if (document.querySelector("dialog[open], [popover]:popover-open")) return;
    event.preventDefault();  // or the same key would close the question that stop() may ask
    this.stop();
  }

  submit(onBusy) {
    const content = this.text.value;
    if (!this.complete) return;
    const { draftKey } = this;
    const images = this.choice.isClaude ? this.images.take() : [];
    this.dispatchEvent(new CustomEvent("send", { detail: { ...this.options, content, onBusy, images } }));
    sessionStorage.removeItem(draftKey);
    this.text.value = "";
    this.typed();
    this.text.focus();
  }

  /** What is chosen for the next message. */
  get options() {
    return { model: this.choice.isClaude ? "" : this.parts.model.value, excludeTools: this.excluded, more: this.choice.fields };
  }

  /** Whether what is written can be sent as it stands. */
  get complete() {
    return this.text.value.trim() !== "" && this.choice.ready && !this.images.waiting;
  }

  /** Stop what runs; after a question, where the settings ask for one. */
  async stop(reason = "") {
    if (!this.conversation.current) return;
    if (!reason && (this.form.dataset.confirmStop === "yes" || wanted.get("confirm.stop"))) {
      reason = await confirm({
        title: gettext("Stop this run?"), text: gettext("What it has written and changed so far is kept."), label: gettext("Reason (optional)"),
        yes: gettext("Stop"), danger: true,
      });
      if (reason === null || !this.conversation.current) return;
    }
    this.dispatchEvent(new CustomEvent("stop", { detail: { reason } }));
  }

  stopWithReason(event) {
    event.preventDefault();
    const input = this.reason.querySelector("input");
    this.stop(input.value.trim());
    input.value = "";
    this.reason.hidePopover();
  }

  /** Show what can be done now. */
  show() {
    const { current, busy } = this.conversation;
    const { send, stop, queue, interrupt } = this.parts;
    const written = this.text.value.trim() !== "";
    const hadFocus = document.activeElement === send || document.activeElement === stop;
    const stopping = current?.status === "stopping" || current?.asked === true;
    send.hidden = busy;
    stop.hidden = !busy;
    stop.disabled = stopping || !current;
    this.parts["stop-word"].textContent = stopping ? gettext("Stopping…") : gettext("Stop");
    queue.hidden = interrupt.hidden = !busy || !written;
    this.parts["reason-button"].hidden = !current || written || stopping;
    send.disabled = !this.complete;
    queue.disabled = interrupt.disabled = !this.complete;
    this.form.classList.toggle("choosing", busy && written);
    if (hadFocus && document.activeElement === document.body) (busy ? stop : this.text).focus();
  }
}
