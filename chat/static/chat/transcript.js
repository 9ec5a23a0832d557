/** Keeps the page small, however long the conversation is and however long the tab is open.
 *
 * Only some turns are in the page. Older ones leave it while the reader follows the end, and are read from the server
 * again when somebody scrolls up to them; then those in between leave it, and come back on the way down.
 */

import { el, toast } from "../kakoclaw/dom.js";
import { at, page } from "../kakoclaw/http.js";
import { gettext } from "../kakoclaw/i18n.js";

/** More than `MOST` turns become `LEFT`; the newest `TAIL` never leave. */
const MOST = 80;
const LEFT = 40;
const TAIL = 10;

export class Transcript {
  constructor(root, conversation, follow) {
    this.root = root;
    this.conversation = conversation;
    this.follow = follow;
    this.list = root.querySelector("[data-turns]");
    this.thread = follow.thread;
    this.marker = this.list.querySelector("[data-earlier]");
    this.gap = null;
    this.seen = new IntersectionObserver((entries) => entries.forEach((entry) => this.approached(entry)), { root: this.thread, rootMargin: "600px 0px" });
    this.seen.observe(this.marker);
    this.marker.querySelector("a").addEventListener("click", (event) => {
      event.preventDefault();
      this.load(this.marker, () => this.earlier());
    });
    follow.button.addEventListener("click", () => this.toEnd());
    conversation.addEventListener("change", () => this.trim());
  }

  get nodes() {
    return [...this.list.querySelectorAll(":scope > [data-turn]")];
  }

  /** The reader comes near a place where turns are missing. */
  approached({ target, isIntersecting }) {
    if (!isIntersecting || this.follow.stuck || target.hidden) return;
    this.load(target, () => (target === this.marker ? this.earlier() : this.later()));
  }

  async load(marker, act) {
    if (this.loading) return;
    this.loading = true;
    marker.setAttribute("aria-busy", "true");
    try {
      await act();
    } catch (error) {
      toast(error.message);
    } finally {
      this.loading = false;
      marker.removeAttribute("aria-busy");
    }
  }

  async fetched(query) {
    const path = `chat/${encodeURIComponent(this.root.dataset.session)}/turns?${query}`;
    const part = (await page(at(path))).querySelector("[data-part-of]");
    return { before: part.dataset.before, nodes: [...part.querySelectorAll("[data-turn]")].map((node) => document.adoptNode(node)) };
  }

  async earlier() {
    const { before, nodes } = await this.fetched(`before=${this.marker.dataset.earlier}`);
    this.keepPlace(() => {
      this.marker.after(...nodes);
      this.show(nodes);
      this.begins(before);
      this.cut();
    });
  }

  async later() {
    const last = this.gap.previousElementSibling.dataset.number;
    const { nodes } = await this.fetched(`after=${last}`);
    const first = Number(this.gap.nextElementSibling.dataset.number);
    const missing = nodes.filter((node) => Number(node.dataset.number) < first);
    this.keepPlace(() => {
      this.gap.before(...missing);
      this.show(missing);
      if (missing.length < nodes.length || !nodes.length) this.close();
      this.drop(this.nodes.slice(0, -MOST));
      this.begins(this.list.querySelector("[data-turn]").dataset.number);
    });
  }

  show(nodes) {
    const turns = nodes.map((node) => this.conversation.adopt(node));
    if (turns.some((turn) => turn.unfinished)) this.conversation.subscribe();
  }

  /** Say where the page begins now. */
  begins(number) {
    this.marker.hidden = !number || number === "1";
    this.marker.dataset.earlier = number || "";
    this.marker.querySelector("a").href = `?before=${number}`;
  }

  /** Let what stands between what is read and the end go. */
  cut() {
    const nodes = this.nodes;
    const head = this.gap ? nodes.filter((node) => node.compareDocumentPosition(this.gap) & Node.DOCUMENT_POSITION_FOLLOWING) : nodes.slice(0, -TAIL);
    if (head.length <= MOST) return;
    if (!this.gap) {
      const button = el("button", { class: "button", type: "button" }, gettext("Later messages"));
      button.addEventListener("click", () => this.load(this.gap, () => this.later()));
      this.gap = el("p", { class: "earlier" }, button);
      head.at(-1).after(this.gap);
      this.seen.observe(this.gap);
    }
    this.drop(head.slice(LEFT + TAIL));
  }

  close() {
    this.seen.unobserve(this.gap);
    this.gap.remove();
    this.gap = null;
  }

  /** While the reader follows the end, the oldest leave. */
  trim() {
    if (!this.follow.stuck || this.gap) return;
    const nodes = this.nodes;
    if (nodes.length <= MOST) return;
    this.drop(nodes.slice(0, -LEFT));
    this.begins(this.list.querySelector("[data-turn]").dataset.number);
  }

  toEnd() {
    if (this.gap) {
      this.drop(this.nodes.filter((node) => node.compareDocumentPosition(this.gap) & Node.DOCUMENT_POSITION_FOLLOWING));
      this.close();
      this.begins(this.list.querySelector("[data-turn]").dataset.number);
    }
    this.follow.stick();
  }

  /** Remove turns; one that is not finished stays, and so does what somebody is writing in. */
  drop(nodes) {
    for (const node of nodes) {
      const turn = this.conversation.turns.get(Number(node.dataset.execution));
      if (turn?.unfinished || node.contains(document.activeElement)) continue;
      if (turn) this.conversation.forget(turn);
      else node.remove();
    }
  }

  /** Change the page without moving what the reader looks at. */
  keepPlace(change) {
    const top = this.thread.getBoundingClientRect().top;
    const anchor = this.nodes.find((node) => node.getBoundingClientRect().bottom > top);
    const was = anchor?.getBoundingClientRect().top;
    this.thread.classList.add("unanchored");
    change();
    if (anchor?.isConnected) this.thread.scrollTop += anchor.getBoundingClientRect().top - was;
    this.follow.top = this.thread.scrollTop;
    requestAnimationFrame(() => this.thread.classList.remove("unanchored"));
  }
}
