// Puts the page together: one store, and the parts that show it.

import { Composer } from "./composer.js";
import { el, icon } from "./dom.js";
import { Forms } from "./form.js";
import { MessageList } from "./messages.js";
import { Panel } from "./panel.js";
import { Rail } from "./rail.js";
import { Store } from "./store.js";
import { startTimes } from "./time.js";
import { say } from "./toasts.js";
import { t } from "./words.js";

const DIRECT = 1;
const TYPING_MS = 6000;
const JUMP = /^https?:\/\/(?:\w+\.)?discord(?:app)?\.com\/channels\/(?:\d+|@me)\/(\d+)(?:\/(\d+))?\/?$/;

const byId = (id) => document.getElementById(id);
const store = new Store();

/** What mentions and links of a message mean here. */
const names = {
  user: (id) => {
    const person = store.person(id);
    return person ? store.nameOf(person) : "somebody";
  },
  place: (id) => store.state.channels.find((channel) => channel.id === id)?.name ?? "somewhere",
  jump: (url) => {
    const found = JUMP.exec(url);
    if (!found) return null;
    const [, channelId, messageId] = found;
    const channel = store.state.channels.find((one) => one.id === channelId);
    const place = channel?.type === DIRECT ? store.channelName(channel) : `#${names.place(channelId)}`;
    const words = messageId ? `${place} › message` : place;
    return { words, go: () => goTo(channelId, messageId) };
  },
};

async function goTo(channelId, messageId) {
  if (!store.state.channels.some((channel) => channel.id === channelId))
    return say(t("That place does not exist here, or you do not see it."));
  if (channelId !== store.channelId) await store.open(channelId);
  if (messageId) list.jump(messageId);
}

const rail = new Rail(store, byId("rail"));
const list = new MessageList(store, {
  list: byId("messages"),
  scroll: byId("scroll"),
  announcer: byId("announcer"),
  names,
});
const composer = new Composer(store, byId("composer"));
const forms = new Forms(store, names);
new Panel(store, byId("panel"), buildHead(byId("channel-head")));

function buildHead(head) {
  const title = el("h1");
  const presence = el("span", { class: "presence", role: "status" });
  const opener = el(
    "button",
    {
      type: "button",
      class: "button button-quiet",
      id: "panel-open",
      "aria-label": t("Faults"), // also where only the picture is shown
      "aria-expanded": "false",
      "aria-controls": "panel",
    },
    icon("levers"),
    el("span", { text: t("Faults") }),
  );
  head.append(
    el(
      "button",
      {
        type: "button",
        class: "icon-button rail-open",
        "aria-label": t("Channels and people"),
        on: { click: () => rail.toggle(true) },
      },
      icon("menu"),
    ),
    title,
    presence,
    opener,
  );
  const draw = () => {
    if (!store.channel) return;
    const name = store.channelName(store.channel);
    title.replaceChildren(icon(store.channel.type === 1 ? "person" : "hash"), name);
    document.title = `${name} · Sandbox channel`;
    if (store.isAway) return;
    const isThere = store.state.bot_connected;
    presence.className = isThere ? "presence here" : "presence";
    presence.textContent = t(isThere ? "{name} is online" : "{name} is offline", { name: store.nameOf(store.bot) });
  };
  store.on("state", draw);
  store.on("place", draw);
  store.on("connection", (isUp) => {
    if (isUp) return draw();
    presence.className = "presence";
    presence.textContent = t("The sandbox is away; trying again…");
  });
  return opener;
}

// the address keeps channel and member: the link to the message box may not write its own place there
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  composer.text.focus();
});
document.querySelector(".channel").addEventListener("pointerdown", (event) => {
  if (!event.target.closest(".rail-open")) rail.toggle(false);
});

// -- typing, dropping -----------------------------------------------------------------------------

let typingTimer = null;
store.on("typing", (channelId) => {
  if (channelId !== store.channelId) return;
  byId("typing").textContent = t("{name} is typing…", { name: store.nameOf(store.bot) });
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => byId("typing").replaceChildren(), TYPING_MS);
});
store.on("message", () => byId("typing").replaceChildren());

// Whoever begins to type means the message box, wherever the focus was left: after a press it is on a button.
document.addEventListener("keydown", (event) => {
  const isLetter = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  const isTaken = forms.open || event.defaultPrevented || composer.bar.hidden;
  if (isLetter && !isTaken && !event.target.closest("input, textarea, select, .menu, #panel")) composer.text.focus();
});

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  byId("drop").hidden = Boolean(forms.open);
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) byId("drop").hidden = true;
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  byId("drop").hidden = true;
  (forms.open ? forms : composer).take([...event.dataTransfer.files]);
});

// what stands in the page itself
for (const [selector, words] of [
  [".skip", "Skip to the message box"],
  ["#drop", "Drop the file to add it"],
])
  document.querySelector(selector).textContent = t(words);
byId("rail").setAttribute("aria-label", t("Places and people"));
byId("messages").setAttribute("aria-label", t("Messages"));
document.querySelector("main").setAttribute("aria-label", t("Channel"));
startTimes(() => store.now());
await store.start();
// where there is no mouse, the focus would bring up a keyboard over half of the screen
if (matchMedia("(hover: hover)").matches) composer.text.focus();
