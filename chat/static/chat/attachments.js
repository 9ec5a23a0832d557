/** Images for the next message: chosen, pasted or dropped. Each is sent to the server at once, and can be removed. */

import { clone } from "../kakoclaw/dom.js";
import { upload } from "../kakoclaw/http.js";
import { fill, gettext, ngettext } from "../kakoclaw/i18n.js";

const KINDS = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

/** Fires `change`. `allowed()` says whether the next message may carry images. */
export class Attachments extends EventTarget {
  constructor(form, allowed) {
    super();
    this.list = form.querySelector("[data-attached]");
    this.items = [];
    if (!this.list) return;
    this.allowed = allowed;
    this.error = form.querySelector("[data-attach-error]");
    const file = form.querySelector("[data-file]");
    form.querySelector("[data-attach]").addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      this.add(file.files);
      file.value = "";
    });
    form.querySelector("[data-message]").addEventListener("paste", (event) => this.pasted(event));
    const area = form.closest("[data-chat]");
    for (const name of ["dragenter", "dragover"]) area.addEventListener(name, (event) => this.dragged(event, form));
    area.addEventListener("dragleave", ({ relatedTarget }) => { if (!area.contains(relatedTarget)) form.classList.remove("drop"); });
    area.addEventListener("drop", (event) => this.dropped(event, form));
  }

  get waiting() {
    return this.items.some((item) => !item.id);
  }

  get ids() {
    return this.items.map((item) => item.id).filter(Boolean);
  }

  pasted(event) {
    const files = [...event.clipboardData.files];
    if (!files.length || !this.allowed()) return;
    event.preventDefault();
    this.add(files);
  }

  dragged(event, form) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = this.allowed() ? "copy" : "none";
    form.classList.toggle("drop", this.allowed());
  }

  dropped(event, form) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.classList.remove("drop");
    if (this.allowed()) this.add(event.dataTransfer.files);
  }

  add(files) {
    const most = Number(this.list.dataset.max);
    const bytes = Number(this.list.dataset.maxBytes);
    const problems = [];
    for (const file of files) {
      const values = { name: file.name, size: Math.floor(bytes / 1e6), count: most };
      if (!KINDS.has(file.type)) problems.push(fill(gettext("%(name)s is not a JPEG, PNG, GIF or WebP image."), values));
      else if (file.size > bytes) problems.push(fill(gettext("%(name)s is larger than %(size)s MB."), values));
      else if (this.items.length >= most) {
        problems.push(fill(ngettext("%(name)s was left out: at most %(count)s image goes with a message.", "%(name)s was left out: at most %(count)s images go with a message.", most), values));
      } else this.send(file);
    }
    this.complain(problems.join(" "));
    this.changed();
  }

  async send(file) {
    const item = this.item(file.name);
    try {
      this.uploaded(item, (await upload(this.list.dataset.upload, "image", file)).id);
    } catch (error) {
      this.remove(item);
      this.complain(error.message);
    }
    this.changed();
  }

  item(name) {
    const item = { id: null, name, node: clone("attachment") };
    const button = item.node.querySelector("button");
    button.setAttribute("aria-label", fill(gettext("Remove %(name)s"), { name }));
    button.addEventListener("click", () => {
      this.remove(item);
      this.complain("");
      document.querySelector("[data-message]").focus();
      this.changed();
    });
    this.items.push(item);
    this.list.append(item.node);
    return item;
  }

  uploaded(item, id) {
    item.id = id;
    const image = item.node.querySelector("img");
    image.src = `${this.list.dataset.upload}/${id}`;
    image.alt = item.name;
    image.hidden = false;
    item.node.querySelector("[data-part=wait]").hidden = true;
  }

  remove(item) {
    this.items = this.items.filter((other) => other !== item);
    item.node.remove();
  }

  /** Hand over what is attached, and begin anew. */
  take() {
    const taken = this.items.filter((item) => item.id).map(({ id, name }) => ({ id, name }));
    for (const item of [...this.items]) this.remove(item);
    if (this.list) {
      this.complain("");
      this.changed();
    }
    return taken;
  }

  /** A message that was refused gives its images back. */
  giveBack(images) {
    for (const { id, name } of images) this.uploaded(this.item(name), id);
    this.changed();
  }

  complain(text) {
    this.error.textContent = text;
    this.error.hidden = !text;
  }

  changed() {
    this.list.hidden = this.items.length === 0;
    this.dispatchEvent(new Event("change"));
  }
}
