/** The chat page: puts its parts together. */

import { tasks } from "../kakoclaw/tasks.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Conversation } from "./conversation.js";
import { Follow } from "./follow.js";
import { SessionList } from "./sessions.js";
import { Transcript } from "./transcript.js";

const page = document.querySelector("[data-chat]");
const follow = new Follow(page.querySelector("[data-thread]"), page.querySelector("[data-latest]"));
const connection = new Connection(page.dataset.socket, page.querySelector("[data-connection]"));
const sessions = new SessionList(page);
const conversation = new Conversation(page, connection);
const composer = new Composer(page.querySelector("[data-composer]"), conversation);
new Transcript(page, conversation, follow);

conversation.options = () => composer.options;
conversation.addEventListener("change", () => {
  composer.show();
  sessions.current(conversation);
});
conversation.addEventListener("sent", () => follow.stick());
conversation.addEventListener("unsent", ({ detail }) => composer.giveBack(detail));
conversation.addEventListener("draft", ({ detail }) => composer.giveBack({ content: detail, images: [] }));
composer.addEventListener("send", ({ detail }) => conversation.send(detail));
composer.addEventListener("stop", ({ detail }) => conversation.stop(detail));
tasks.addEventListener("change", ({ detail }) => sessions.changed(detail));

composer.show();
const wanted = /^#turn-\d+$/.test(location.hash) ? document.querySelector(location.hash) : null;
if (wanted) follow.show(wanted);
else follow.stick();
