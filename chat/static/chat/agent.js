/** Which agent answers the next message, and in which project: what there is to choose follows from it. */

const CLAUDE = "claude";

/** Fires `change`. */
export class AgentChoice extends EventTarget {
  constructor(form) {
    super();
    this.form = form;
    this.panel = document.querySelector("[data-claude-panel]");
    this.agent = form.querySelector("[data-agent]");
    this.project = form.querySelector("[data-project]");
    if (!this.agent) return;
    this.restore();
    this.agent.addEventListener("change", () => {
      localStorage.setItem("kakoclaw.agent", this.agent.value);
      this.show();
      if (this.isClaude && !this.project.value) this.project.focus();
    });
    this.project.addEventListener("change", () => {
      localStorage.setItem("kakoclaw.project", this.project.value);
      this.show();
    });
    this.show();
  }

  /** What was chosen before this script was there; else what this session used last, or this browser. */
  restore() {
    const { chosen } = this.agent.dataset;
    if (!this.agent.value) this.agent.value = (chosen || localStorage.getItem("kakoclaw.agent")) === CLAUDE ? CLAUDE : "";
    this.project.value = this.project.dataset.chosen || localStorage.getItem("kakoclaw.project") || "";
    if (this.project.selectedIndex < 0) this.project.value = "";
    if (!this.project.value && this.project.options.length === 2) this.project.selectedIndex = 1;
  }

  get isClaude() {
    return this.agent?.value === CLAUDE;
  }

  /** Whether a message could be sent to it as it stands. */
  get ready() {
    return !this.isClaude || this.project.value !== "";
  }

  /** The fields of a message. */
  get fields() {
    return this.isClaude ? { agent: CLAUDE, project: this.project.value } : {};
  }

  show() {
    const wanted = this.isClaude ? "claude" : "chat";
    for (const node of document.querySelectorAll("[data-for]")) node.hidden = node.dataset.for !== wanted;
    this.panel.hidden = !this.isClaude;
    this.dispatchEvent(new Event("change"));
  }
}
