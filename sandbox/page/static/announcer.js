// What a screen reader hears: new messages, and what became another one in those that were edited, as words.

import { el } from "./dom.js";
import { markdown } from "./markdown.js";

const KEPT_MS = 5000; // what came at the same time is read one after the other
const LONGEST = 200;
const BARS = /[\u2500-\u25ff\u2800-\u28ff]+/g; // drawn progress is nothing to listen to
const BUTTON = 2;

export class Announcer {
  constructor(store, node, names) {
    this.store = store;
    this.node = node;
    this.names = names;
  }

  /** A message came or was changed; `before` is how it was, or null. */
  heard(message, before) {
    if (message.loading || message.author.id === this.store.memberId) return;
    const known = new Set(before && !before.loading ? this.lines(before).map(core) : []);
    // a number that counts and a time that passes are no news
    const fresh = this.lines(message).filter((line) => core(line) && !known.has(core(line)));
    if (fresh.length) this.say(`${this.store.nameOf(message.author)}: ${fresh.join(". ").slice(0, LONGEST)}`);
  }

  say(words) {
    for (const old of this.node.querySelectorAll(".old")) old.remove();
    const line = el("p", { text: words });
    this.node.append(line);
    setTimeout(() => (line.nextSibling ? line.remove() : line.classList.add("old")), KEPT_MS);
  }

  // What the message says, a line each, without its markdown.
  lines(message) {
    const texts = [
      message.content,
      ...message.embeds.flatMap((data) => [
        data.author?.name,
        data.title,
        data.description,
        ...(data.fields ?? []).map((field) => `${field.name}: ${field.value}`),
      ]),
      ...inner(message.components),
    ];
    const files = message.attachments.map((file) => file.filename);
    const said = texts.filter(Boolean).flatMap((text) => markdown(text, this.names).flatMap(linesOf));
    return [...said, ...files].map((line) => line.replace(BARS, " ").replace(/\s+/g, " ").trim());
  }
}

function linesOf(node) {
  return (node.innerText ?? node.textContent).split("\n");
}

// The texts of layout components, however deep.
function inner(components) {
  return components.flatMap((one) => [
    one.type === BUTTON ? null : one.content,
    ...inner([...(one.components ?? []), ...(one.accessory ? [one.accessory] : [])]),
  ]);
}

function core(line) {
  return line.toLowerCase().replace(/[^\p{L}]+/gu, " ").trim();
}
