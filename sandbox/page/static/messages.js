// The channel's messages: drawn from data, redrawn one by one when they change, with their menu and their keys.

import { RefusedError, post, verb } from "./api.js";
import { components } from "./components.js";
import { avatar, el, icon } from "./dom.js";
import { embed } from "./embeds.js";
import { attachment } from "./files.js";
import { markdown } from "./markdown.js";
import { openMenu } from "./menu.js";
import { silence } from "./player.js";
import { isEarlier } from "./store.js";
import { shortTime } from "./time.js";
import { complain } from "./toasts.js";

const NEAR_END_PX = 120;
const V2 = 1 << 15;
const TEXT = 0;
const [COMMAND, CONTEXT_MENU] = [20, 23];

export class MessageList {
  constructor(store, { list, scroll, announcer, names }) {
    this.store = store;
    this.list = list;
    this.scroll = scroll;
    this.announcer = announcer;
    this.names = names;
    this.follows = true;
    this.lost = null;
    store.on("place", () => this.list.replaceChildren());
    store.on("channel", () => this.drawAll());
    store.on("message", ({ message, isNew }) => this.draw(message, isNew));
    store.on("message-gone", (message) => this.remove(message));
    store.on("notice", () => this.drawNotices());
    store.on("pending", () => this.markBusy());
    scroll.addEventListener("scroll", () => { this.follows = this.isAtEnd(); });
    new ResizeObserver(() => this.stay()).observe(list);
    new ResizeObserver(() => this.stay()).observe(scroll);
    list.addEventListener("keydown", (event) => this.key(event));
  }

  // -- drawing ---------------------------------------------------------------------------------------------------------

  drawAll() {
    this.list.replaceChildren();
    const all = [...this.store.messages.values()].sort((one, other) => (isEarlier(one.id, other.id) ? -1 : 1));
    this.list.append(this.beginning(), ...all.map((message) => this.item(message)));
    this.drawNotices();
    this.follows = true;
    this.stay();
  }

  beginning() {
    const channel = this.store.channel;
    const isDirect = channel.type === 1;
    const name = this.store.channelName(channel);
    return el("li", { class: "beginning", data: { id: "0" } },
      el("h2", { text: isDirect ? name : `#${name}` }),
      el("p", { text: isDirect ? `Direct messages with ${name}, on this machine alone.` : "The channel begins here. Nothing of it leaves this machine." }),
      el("p", {}, "Type ", el("kbd", { text: "/" }), " for the bot’s commands, or drop a file to send it."));
  }

  draw(message, isNew) {
    const old = this.find(message.id);
    if (old) {
      const held = this.held(old, message);
      old.className = this.classes(message);
      old.replaceChildren(...this.inside(message));
      if (held) this.giveBack(old, message, held);
    } else {
      this.insert(this.item(message));
    }
    this.drawReplies(message);
    if (isNew && message.author.id !== this.store.memberId && !message.loading) this.announce(message);
    this.stay();
  }

  // A reply quotes how its target looks now.
  drawReplies(target) {
    for (const message of this.store.messages.values()) {
      if (message.message_reference?.message_id !== target.id) continue;
      this.find(message.id)?.querySelector(":scope > .origin")?.replaceWith(this.origin(message));
    }
  }

  // The focus stays on a button through edits, also while it is disabled because the bot has not answered yet.
  held(item, message) {
    const active = document.activeElement;
    if (item.contains(active)) return active.dataset.customId ?? null;
    return active === document.body && this.lost?.message === message.id ? this.lost.customId : null;
  }

  giveBack(item, message, customId) {
    const control = item.querySelector(`[data-custom-id="${CSS.escape(customId)}"]`);
    control?.focus({ preventScroll: true });
    this.lost = control && document.activeElement !== control ? { message: message.id, customId } : null;
  }

  announce(message) {
    const words = message.content || message.embeds[0]?.title || message.attachments[0]?.filename || "";
    this.announcer.textContent = `${this.store.nameOf(message.author)}: ${words.slice(0, 120)}`;
  }

  insert(item) {
    const later = [...this.list.children].find((other) => isEarlier(item.dataset.id, other.dataset.id));
    this.list.insertBefore(item, later ?? null);
    this.makeReachable();
  }

  remove(message) {
    silence(message.attachments);
    this.find(message.id)?.remove();
    this.drawReplies(message);
    this.makeReachable();
  }

  find(id) {
    return this.list.querySelector(`:scope > [data-id="${CSS.escape(id)}"]`);
  }

  item(message) {
    return el("li", {
      class: this.classes(message), tabindex: "-1", data: { id: message.id },
      on: { contextmenu: (event) => { if (!event.target.closest("a, input, audio")) { event.preventDefault(); this.menu(message.id, { x: event.clientX, y: event.clientY }); } } },
    }, this.inside(message));
  }

  classes(message) {
    const me = message.mentioned_user_ids.includes(this.store.memberId);
    const busy = this.store.isPending(message.id);
    return ["message", busy && "busy", message.visible_to && "private", me && "mentions-me", message.author.bot && "by-bot"].filter(Boolean).join(" ");
  }

  inside(message) {
    const name = this.store.nameOf(message.author);
    return [
      this.origin(message),
      avatar(message.author, name),
      el("div", { class: "message-body" },
        el("div", { class: "message-head" },
          el("span", { class: "message-author", text: name }),
          message.author.bot && el("span", { class: "tag", text: "app" }),
          el("time", { class: "message-time", datetime: message.timestamp, text: shortTime(Date.parse(message.timestamp)) }),
          message.edited_timestamp && !message.loading && el("span", { class: "message-edited", text: "(edited)" }),
        ),
        message.loading ? this.thinking(name) : this.content(message),
        message.visible_to && this.privacy(message),
      ),
      el("button", {
        type: "button", class: "icon-button message-more", "aria-label": `Actions for the message of ${name}`, "aria-haspopup": "menu",
        on: { click: (event) => this.menu(message.id, event.currentTarget.getBoundingClientRect()) },
      }, icon("more")),
    ];
  }

  content(message) {
    const isV2 = Boolean(message.flags & V2);
    const files = message.attachments.filter((file) => !isInEmbed(file, message.embeds));
    const context = {
      message,
      names: this.names,
      busy: this.store.isPending(message.id),
      press: (component) => this.press(message, component),
      choose: (component, values) => this.choose(message, component, values),
    };
    return [
      message.content && el("div", { class: "text" }, markdown(message.content, this.names)),
      !isV2 && files.length > 0 && el("div", { class: "files" }, files.map(attachment)),
      message.embeds.map((data) => embed(data, this.names)),
      components(message.components, context),
    ];
  }

  thinking(name) {
    return el("p", { class: "thinking" }, el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")), `${name} is thinking…`);
  }

  privacy(message) {
    return el("p", { class: "privacy" }, icon("eye"), "Only you can see this · ",
      el("button", { type: "button", class: "link-button", on: { click: () => this.act("delete_message", { message: message.id }) } }, "Dismiss"));
  }

  // What it answers: a message, or a command somebody used.
  origin(message) {
    const meta = message.interaction_metadata;
    if (message.message_reference && message.type !== CONTEXT_MENU) return this.reply(message);
    if (meta?.name && (message.type === COMMAND || message.type === CONTEXT_MENU)) {
      const command = message.type === COMMAND ? `/${meta.name}` : meta.name;
      return el("p", { class: "origin" }, icon("reply"), el("span", { class: "mention", text: this.store.nameOf(meta.user) }), " used ", el("b", { text: command }));
    }
    return null;
  }

  reply(message) {
    const target = this.store.messages.get(message.message_reference.message_id) ?? message.referenced_message;
    if (!target || this.store.gone.has(target.id)) return el("p", { class: "origin" }, icon("reply"), el("i", { text: "The message was deleted" }));
    const words = target.content || target.embeds[0]?.title || target.embeds[0]?.description || target.attachments[0]?.filename || "a message";
    return el("p", { class: "origin" }, icon("reply"), el("button", { type: "button", class: "link-button", on: { click: () => this.jump(target.id) } },
      el("span", { class: "mention", text: this.store.nameOf(target.author) }), ` ${plain(words, this.names)}`));
  }

  // -- notices of this window ------------------------------------------------------------------------------------------

  drawNotices() {
    for (const old of this.list.querySelectorAll(".notice")) old.remove();
    const { channelId, memberId, notices } = this.store;
    for (const notice of notices) if (notice.channelId === channelId && notice.memberId === memberId) this.insert(this.notice(notice));
    this.stay();
  }

  notice(notice) {
    return el("li", { class: "message notice", tabindex: "-1", data: { id: notice.id }, role: "status" },
      el("div", { class: "message-body" },
        el("p", { class: "notice-text", text: notice.text }),
        notice.typed && el("details", {}, el("summary", { text: "What you had typed" }), el("pre", { text: notice.typed })),
        el("p", { class: "privacy" }, icon("eye"), "Only you can see this · ",
          notice.restore && [el("button", { type: "button", class: "link-button", on: { click: () => { this.store.dropNotice(notice.id); notice.restore(); } } }, "Try again"), " · "],
          el("button", { type: "button", class: "link-button", on: { click: () => this.store.dropNotice(notice.id) } }, "Dismiss"))));
  }

  markBusy() {
    for (const item of this.list.children) {
      const message = this.store.messages.get(item.dataset.id);
      if (!message) continue;
      if (item.classList.contains("busy") !== this.store.isPending(message.id)) this.draw(message, false);
    }
  }

  // -- acting ----------------------------------------------------------------------------------------------------------

  press(message, component) {
    const what = `“${component.label ?? component.emoji?.name ?? "the button"}”`;
    return this.interact("click", { message: message.id, button: component.custom_id }, what, message.id);
  }

  choose(message, component, values) {
    return this.interact("select", { message: message.id, custom_id: component.custom_id, values }, "your choice", message.id);
  }

  async interact(name, given, what, message) {
    try {
      await this.store.interact(name, { ...given, member: this.store.memberId }, {}, { what, message });
    } catch (error) {
      complain(error);
      if (!(error instanceof RefusedError)) throw error;
    }
  }

  async act(name, given) {
    await verb(name, { ...given, member: this.store.memberId }).catch(complain);
  }

  menu(id, where) {
    const message = this.store.messages.get(id);
    if (!message) return;
    const install = this.store.installAt(this.store.channel);
    const commands = this.store.commands.filter((command) => command.type === 3);
    const items = message.visible_to ? [] : commands.map((command) => ({
      label: command.name,
      mark: this.store.nameOf(this.store.bot),
      act: async () => {
        const given = { name: command.name, message: id, member: this.store.memberId, install };
        await this.store.interact("message_command", given, {}, { what: `“${command.name}”` }).catch(complain);
      },
    }));
    if (!message.visible_to && this.store.channel.type === TEXT) items.push({ label: "Start a thread", act: () => this.startThread(message) });
    if (message.content) items.push({ label: "Copy text", act: () => navigator.clipboard?.writeText(message.content).catch(() => {}) });
    if (message.visible_to) items.push({ label: "Dismiss", act: () => this.act("delete_message", { message: id }) });
    else if (this.store.mayDelete(message)) items.push({ label: "Delete message", danger: true, act: () => this.act("delete_message", { message: id }) });
    if (items.length) openMenu(items, where, this.find(id)?.querySelector(".message-more") ?? this.find(id));
  }

  async startThread(message) {
    const name = plain(message.content || "A thread", this.names).slice(0, 40) || "A thread";
    try {
      const thread = await post("/sandbox/switches/start_thread", { name, channel: this.store.channelId });
      await this.store.refresh();
      await this.store.open(thread.id);
    } catch (error) {
      complain(error);
    }
  }

  // -- keys and scrolling ----------------------------------------------------------------------------------------------

  // One message can be reached with Tab; the arrows lead on from there.
  makeReachable() {
    const items = [...this.list.querySelectorAll(".message")];
    for (const item of items) item.tabIndex = -1;
    if (items.length) items[items.length - 1].tabIndex = 0;
  }

  key(event) {
    const item = event.target.closest(".message");
    if (!item || event.target !== item) return;
    const beside = { ArrowUp: item.previousElementSibling, ArrowDown: item.nextElementSibling }[event.key];
    if (beside?.classList.contains("message")) {
      event.preventDefault();
      beside.focus();
    } else if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey) || event.key === "Enter") {
      event.preventDefault();
      this.menu(item.dataset.id, item.querySelector(".message-more").getBoundingClientRect());
    }
  }

  isAtEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_END_PX;
  }

  stay() {
    if (this.follows) this.scroll.scrollTop = this.scroll.scrollHeight;
    this.makeReachable();
  }

  jump(id) {
    const item = this.find(id);
    if (!item) return;
    this.follows = false;
    item.scrollIntoView({ block: "center" });
    item.classList.add("shine");
    setTimeout(() => item.classList.remove("shine"), 1500);
    item.focus({ preventScroll: true });
  }
}

function plain(words, names) {
  const named = words.replace(/<@!?(\d+)>/g, (_, id) => `@${names.user(id)}`).replace(/<t:\d+(:\w)?>/g, "…");
  return named.replace(/^-# /gm, "").replace(/[*_`~|>#]/g, "").replace(/\s+/g, " ").trim().slice(0, 90);
}

// A file that an embed shows is not shown a second time.
function isInEmbed(file, embeds) {
  const path = file.url.split("?")[0];
  return embeds.some((data) => [data.image, data.thumbnail].some((one) => one?.url?.split("?")[0] === path));
}
