/** A question or a plan of the agent: asks, sends the answer once, shows what was answered. */

import { clone, el } from "../kakoclaw/dom.js";
import { fill, gettext } from "../kakoclaw/i18n.js";

const part = (node, name) => node.querySelector(`[data-part=${name}]`);

/** What was answered, in words. */
export function inWords({ answers, approved, comment }) {
  if (answers && Object.keys(answers).length) return Object.values(answers).flat().join(", ");
  if (comment) return fill(approved ? gettext("Approved: %(comment)s") : gettext("Rejected: %(comment)s"), { comment });
  return approved ? gettext("Approved") : gettext("Rejected");
}

export class QuestionCard {
  /** `send(answer)` returns whether it could be sent. */
  constructor(frame, send) {
    this.frame = frame;
    this.send = send;
    this.node = clone(frame.kind === "plan" ? "plan" : "question");
    if (frame.kind === "plan") this.showPlan(frame);
    else this.items = (frame.questions ?? []).map((question, index) => this.item(question, index));
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit(event.submitter?.dataset.part !== "reject");
    });
  }

  /** `plan_html` is sanitised by the server. */
  showPlan({ plan, plan_html: html }) {
    const node = part(this.node, "plan");
    if (!html) node.textContent = plan;
    else {
      node.classList.add("prose");
      node.innerHTML = html;
    }
  }

  /** What was asked, in one line. */
  get asked() {
    return this.items ? this.items.map(({ question }) => question.question.split("\n\n")[0]).join(" · ") : gettext("Plan");
  }

  item(question, index) {
    const node = clone("question-item");
    // What the loop with a model writes where the model has named no subject.
    part(node, "header").textContent = question.header === "Question" ? gettext("Question") : question.header ?? "";
    part(node, "header").hidden = !question.header;
    // What comes after a blank line is what the question is about: a command, a difference.
    const [text, ...about] = question.question.split("\n\n");
    part(node, "text").textContent = text;
    part(node, "about").textContent = about.join("\n\n");
    part(node, "about").hidden = about.length === 0;
    const options = question.options ?? [];
    for (const option of options) part(node, "options").append(this.option(option, index, question.multiSelect));
    part(node, "own-label").hidden = options.length === 0;
    const own = part(node, "own");
    if (!options.length) own.setAttribute("aria-label", gettext("Your answer"));
    // Words of one's own and a single choice exclude each other.
    own.addEventListener("input", () => {
      if (own.value && !question.multiSelect) for (const box of node.querySelectorAll(":checked")) box.checked = false;
    });
    node.addEventListener("change", ({ target }) => { if (target.checked && !question.multiSelect) own.value = ""; });
    part(this.node, "items").append(node);
    return { question, node, own };
  }

  option({ label, description = "" }, index, many) {
    const node = clone("question-option");
    const input = node.querySelector("input");
    input.type = many ? "checkbox" : "radio";
    input.name = `${this.frame.question_id}-${index}`;
    input.value = label;
    part(node, "label").textContent = label;
    part(node, "description").textContent = description;
    return node;
  }

  read() {
    const answers = {};
    for (const { question, node, own } of this.items) {
      const chosen = [...node.querySelectorAll(":checked")].map((input) => input.value);
      const words = own.value.trim();
      if (!chosen.length && !words) return null;
      answers[question.question] = question.multiSelect ? [...chosen, ...(words ? [words] : [])] : words || chosen[0];
    }
    return { answers };
  }

  submit(yes) {
    const answer = this.items ? this.read() : { approved: yes, comment: part(this.node, "comment").value.trim() };
    if (!answer) this.complain(gettext("Choose an option or write an answer first."));
    else if (this.send(answer)) this.lock(true);
    else this.complain(gettext("Not connected. Your answer was not sent; try again when the connection is back."));
  }

  complain(text) {
    part(this.node, "error").textContent = text;
    part(this.node, "error").hidden = false;
    this.lock(false);
  }

  lock(on) {
    for (const control of this.node.elements) control.disabled = on;
    if (on) part(this.node, "error").hidden = true;
  }

  /** The server has the answer: one line stays. */
  answered(answer) {
    const line = clone("answered");
    part(line, "question").textContent = this.asked;
    part(line, "answer").textContent = inWords(answer);
    this.node.replaceWith(line);
    this.node = line;
  }

  /** The run ended before an answer. */
  withdraw() {
    if (this.node.tagName !== "FORM") return;
    const line = el("p", { class: "notice" }, fill(gettext("%(question)s (not answered)"), { question: this.asked }));
    this.node.replaceWith(line);
    this.node = line;
  }
}
