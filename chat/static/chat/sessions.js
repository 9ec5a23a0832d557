/** The list of chats: search, rename, archive, delete, and which of them are at work. */

import { api, at } from "../kakoclaw/http.js";
import { confirm } from "../kakoclaw/confirm.js";
import { clone, el, toast, wordOf } from "../kakoclaw/dom.js";
import { now } from "../kakoclaw/clock.js";
import { setTitle } from "../kakoclaw/notify.js";
import { place } from "../kakoclaw/popover.js";

const FINISHED = new Set(["succeeded", "failed", "canceled", "timed_out", "lost"]);
const part = (row, name) => row.querySelector(`[data-part=${name}]`);
const address = (id) => at(`chat/${encodeURIComponent(id).replaceAll("%3A", ":")}`);

export class SessionList {
  constructor(page) {
    this.page = page;
    this.list = document.querySelector("[data-session-list]");
    this.menu = document.getElementById("session-menu");
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-part=more]");
      if (button) this.openMenu(button.closest("[data-session]").dataset.session, button);
    });
    this.headButton = page.querySelector("[data-session-menu]");
    this.headButton.addEventListener("click", () => this.openMenu(page.dataset.session, this.headButton));
    this.menu.addEventListener("click", ({ target }) => this.act(target.closest("[data-act]")?.dataset.act));
    this.search = document.querySelector("[data-search]");
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.find().catch((error) => toast(error.message)), 200);
    });
  }

  row(id) {
    return this.list.querySelector(`[data-session="${CSS.escape(id)}"]`);
  }

  add(id, title) {
    const row = clone("session");
    row.dataset.session = id;
    row.querySelector("a").href = address(id);
    part(row, "title").textContent = title;
    this.list.prepend(row);
    document.querySelector("[data-none]").hidden = true;
    return row;
  }

  /** Show what the conversation on this page does. */
  current(conversation) {
    const id = this.page.dataset.session;
    if (!id) return;
    let row = this.row(id);
    if (!row && !conversation.title) return;
    row ??= this.add(id, conversation.title);
    // Another socket may have told of the new chat first, so its row may be there already.
    if (conversation.title && this.headButton.hidden) {
      row.querySelector("a").setAttribute("aria-current", "page");
      this.page.querySelector("[data-title]").textContent = conversation.title;
      this.headButton.hidden = false;
      setTitle(conversation.title);
    }
    if (conversation.last) part(row, "last").textContent = conversation.last.slice(0, 200);
    this.mark(row, conversation.current?.status ?? "");
  }

  mark(row, status) {
    const dot = part(row, "dot");
    dot.hidden = !status || FINISHED.has(status);
    dot.dataset.status = status;
    dot.setAttribute("aria-label", wordOf(status));
  }

  /** A run of any session changed. */
  changed({ task }) {
    if (!task?.session_id) return;
    const row = this.row(task.session_id) ?? (task.title && !this.search.value ? this.add(task.session_id, task.title) : null);
    if (!row) return;
    if (task.session_id !== this.page.dataset.session) this.mark(row, task.status);
    part(row, "time").dataset.ago = new Date(now()).toISOString();
    if (this.list.firstElementChild !== row && !this.list.contains(document.activeElement)) this.list.prepend(row);
  }

  openMenu(id, button) {
    this.chosen = id;
    const archived = this.row(id)?.dataset.archived === "yes";
    this.menu.querySelector("[data-archive-word]").textContent = archived ? "Bring back" : "Archive";
    this.menu.showPopover();
    place(this.menu, button);
    this.menu.querySelector("button").focus();
  }

  async act(name) {
    if (!name) return;
    this.menu.hidePopover();
    try {
      await { rename: this.rename, archive: this.archive, delete: this.remove }[name].call(this, this.chosen);
    } catch (error) {
      toast(error.message);
    }
  }

  async rename(id) {
    const row = this.row(id);
    const before = row ? part(row, "title").textContent : this.page.querySelector("[data-title]").textContent;
    const title = await confirm({ title: "Rename this chat", label: "Name", value: before, yes: "Rename" });
    if (!title || title === before) return;
    await api("PATCH", `chat/sessions/${encodeURIComponent(id)}`, { title });
    if (row) part(row, "title").textContent = title;
    if (id === this.page.dataset.session) {
      this.page.querySelector("[data-title]").textContent = title;
      setTitle(title);
    }
  }

  async archive(id) {
    const archived = this.row(id)?.dataset.archived !== "yes";
    await api("PATCH", `chat/sessions/${encodeURIComponent(id)}`, { archived });
    this.row(id)?.remove();
    toast(archived ? "Archived. You find it under “Archived chats”." : "It is back in the list.");
  }

  async remove(id) {
    const sure = await confirm({
      title: "Delete this chat?", text: "Its messages are gone for good, and what runs in it is stopped.", yes: "Delete", danger: true,
    });
    if (sure === null) return;
    await api("DELETE", `chat/sessions/${encodeURIComponent(id)}`);
    this.row(id)?.remove();
    if (id === this.page.dataset.session) location.assign(this.page.dataset.home);
  }

  /** Titles are filtered here; messages are searched by the server. */
  async find() {
    const query = this.search.value.trim();
    let shown = 0;
    for (const row of this.list.children) {
      row.hidden = query !== "" && !row.textContent.toLowerCase().includes(query.toLowerCase());
      if (!row.hidden) shown += 1;
    }
    const results = document.querySelector("[data-search-results]");
    const found = query ? (await api("GET", `chat/search?q=${encodeURIComponent(query)}`)).messages : [];
    if (query !== this.search.value.trim()) return;
    results.hidden = found.length === 0;
    results.querySelector("[data-found]").replaceChildren(...found.map((message) => this.result(message, query)));
    const none = document.querySelector("[data-none]");
    none.hidden = shown + found.length > 0;
    none.textContent = query ? `Nothing found for “${query}”.` : "Your chats will be listed here.";
  }

  result({ session_id: id, content }, query) {
    const at = Math.max(0, content.toLowerCase().indexOf(query.toLowerCase()) - 20);
    const title = this.row(id) ? part(this.row(id), "title").textContent : id;
    const link = el("a", { href: address(id) }, el("span", { class: "clip" }, title), el("span", { class: "small soft clip" }, (at ? "…" : "") + content.slice(at, at + 100)));
    return el("li", { class: "session" }, link);
  }
}
