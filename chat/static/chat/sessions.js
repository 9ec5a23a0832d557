/** The list of chats: search, rename, archive, delete, which of them are at work, and which have news. */

import { api } from "../kakoclaw/http.js";
import { confirm } from "../kakoclaw/confirm.js";
import { clone, el, toast, wordOf } from "../kakoclaw/dom.js";
import { now } from "../kakoclaw/clock.js";
import { fill, gettext } from "../kakoclaw/i18n.js";
import { setTitle } from "../kakoclaw/notify.js";
import { place } from "../kakoclaw/popover.js";
import { unseen, unseenSessions } from "../kakoclaw/unseen.js";
import { chatAddress } from "./versions.js";

const FINISHED = new Set(["succeeded", "failed", "canceled", "timed_out", "lost"]);
const part = (row, name) => row.querySelector(`[data-part=${name}]`);
const change = (id, changes) => api("PATCH", `chat/sessions/${encodeURIComponent(id)}`, changes);

export class SessionList {
  constructor(page) {
    this.page = page;
    this.list = document.querySelector("[data-session-list]");
    this.menu = document.getElementById("session-menu");
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-part=more]");
      if (button) this.openMenu(button.closest("[data-session]").dataset.session, button);
    });
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.headButton = page.querySelector("[data-session-menu]");
    this.headButton.addEventListener("click", () => this.openMenu(page.dataset.session, this.headButton));
    this.menu.addEventListener("click", ({ target }) => this.act(target.closest("[data-act]")?.dataset.act));
    this.menu.addEventListener("keydown", (event) => this.menuKey(event));
    this.search = document.querySelector("[data-search]");
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.find().catch((error) => toast(error.message)), 200);
    });
    unseen.addEventListener("change", () => this.markNews());
    this.markNews();
  }

  row(id) {
    return this.list.querySelector(`[data-session="${CSS.escape(id)}"]`);
  }

  add(id, title) {
    const row = clone("session");
    row.dataset.session = id;
    row.querySelector("a").href = chatAddress(id);
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

  /** A dot at each chat in which something ended that nobody has looked at. */
  markNews() {
    const sessions = unseenSessions();
    for (const row of this.list.children) {
      const news = sessions.has(row.dataset.session);
      row.classList.toggle("news", news);
      part(row, "news").hidden = !news;
    }
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

  /** In the list: arrows move, F2 renames, Delete deletes. */
  key(event) {
    const row = event.target.closest("[data-session]");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = (other) => other?.querySelector("a").focus();
    const keys = {
      ArrowDown: () => move(row.nextElementSibling),
      ArrowUp: () => (row.previousElementSibling ? move(row.previousElementSibling) : this.search.focus()),
      F2: () => this.act("rename", row.dataset.session),
      Delete: () => this.act("delete", row.dataset.session),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  menuKey(event) {
    const items = [...this.menu.querySelectorAll("[role=menuitem]")];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length).focus();
  }

  openMenu(id, button) {
    this.chosen = id;
    const archived = this.row(id)?.dataset.archived === "yes";
    this.menu.querySelector("[data-archive-word]").textContent = archived ? gettext("Bring back") : gettext("Archive");
    this.menu.showPopover();
    place(this.menu, button);
    this.menu.querySelector("button").focus();
  }

  async act(name, id = this.chosen) {
    if (!name) return;
    this.menu.hidePopover();
    try {
      await { rename: this.rename, archive: this.archive, delete: this.remove }[name].call(this, id);
    } catch (error) {
      toast(error.message);
    }
  }

  async rename(id) {
    const row = this.row(id);
    const before = row ? part(row, "title").textContent : this.page.querySelector("[data-title]").textContent;
    const title = await confirm({ title: gettext("Rename this chat"), label: gettext("Name"), value: before, yes: gettext("Rename") });
    if (!title || title === before) return;
    await change(id, { title });
    if (row) part(row, "title").textContent = title;
    if (id === this.page.dataset.session) {
      this.page.querySelector("[data-title]").textContent = title;
      setTitle(title);
    }
  }

  async archive(id) {
    const archived = this.row(id)?.dataset.archived !== "yes";
    await change(id, { archived });
    const back = this.takeOut(this.row(id));
    toast(archived ? gettext("Archived. You find it under “Archived chats”.") : gettext("It is back among your chats."), {
      label: gettext("Undo"),
      act: async () => {
        await change(id, { archived: !archived });
        back();
      },
    });
  }

  /** It is gone at once, and can be brought back; what ran in it is stopped, which can't be undone. */
  async remove(id) {
    const row = this.row(id);
    const live = row && !part(row, "dot").hidden;
    if (live) {
      const text = gettext("Something runs in it. That is stopped, and stays stopped.");
      const sure = await confirm({ title: gettext("Delete this chat?"), text, yes: gettext("Stop and delete"), danger: true });
      if (sure === null) return;
    }
    await change(id, { deleted: true });
    const here = id === this.page.dataset.session;
    const back = this.takeOut(row);
    if (here) this.gone(true);
    toast(gettext("The chat was deleted."), {
      label: gettext("Undo"),
      act: async () => {
        await change(id, { deleted: false });
        back();
        if (here) this.gone(false);
        toast(gettext("The chat is back."));
      },
    });
  }

  /** Remove a row; returns what puts it back. The focus goes to its neighbor. */
  takeOut(row) {
    if (!row) return () => {};
    const next = row.nextElementSibling;
    const focused = row.contains(document.activeElement) || document.activeElement === document.body;
    (next ?? row.previousElementSibling)?.querySelector("a").focus({ preventScroll: !focused });
    row.remove();
    return () => this.list.insertBefore(row, next?.isConnected ? next : null);
  }

  /** The chat of this page was deleted: say so in its place, until Undo. */
  gone(yes) {
    this.page.querySelector("[data-gone]").hidden = !yes;
    for (const node of this.page.querySelectorAll("[data-thread], .dock")) node.inert = yes;
    this.page.classList.toggle("gone-chat", yes);
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
    none.textContent = query ? fill(gettext("Nothing found for “%(query)s”."), { query }) : gettext("Your chats will be listed here.");
  }

  result({ session_id: id, content }, query) {
    const at = Math.max(0, content.toLowerCase().indexOf(query.toLowerCase()) - 20);
    const title = this.row(id) ? part(this.row(id), "title").textContent : id;
    const excerpt = (at ? "…" : "") + content.slice(at, at + 100);
    const link = el("a", { href: chatAddress(id) }, el("span", { class: "clip" }, title), el("span", { class: "small soft clip" }, excerpt));
    return el("li", { class: "session" }, link);
  }
}
