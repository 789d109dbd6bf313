// The channel's messages as a list: drawn from data, redrawn one by one when they change, walked through by keys.

import { Announcer } from "./announcer.js";
import { el, fill } from "./dom.js";
import { MessageActions } from "./message-actions.js";
import { MessageFace } from "./message.js";
import { openMenu } from "./menu.js";
import { silence } from "./player.js";
import { isEarlier } from "./store.js";
import { t } from "./words.js";

const NEAR_END_PX = 120;
const SHINE_MS = 1500;

export class MessageList {
  constructor(store, { list, scroll, announcer, names }) {
    this.store = store;
    this.list = list;
    this.scroll = scroll;
    this.announcer = new Announcer(store, announcer, names);
    this.actions = new MessageActions(store, names);
    this.face = new MessageFace(store, {
      names,
      actions: this.actions,
      menu: (id, where) => this.menu(id, where),
      jump: (id) => this.jump(id),
    });
    this.follows = true;
    this.stoodAt = 0;
    this.height = 0;
    this.lost = null;
    store.on("place", () => this.list.replaceChildren());
    store.on("channel", () => this.drawAll());
    store.on("message", ({ message, before }) => {
      this.draw(message);
      this.announcer.heard(message, before);
    });
    store.on("message-gone", (message) => this.remove(message));
    store.on("notice", () => this.drawNotices());
    store.on("pending", () => this.markBusy());
    scroll.addEventListener("scroll", () => {
      this.lookWhere();
    });
    new ResizeObserver(() => this.stay()).observe(list);
    new ResizeObserver(() => this.stay()).observe(scroll);
    list.addEventListener("keydown", (event) => this.key(event));
  }

  // -- drawing ------------------------------------------------------------------------------------

  drawAll() {
    this.list.replaceChildren();
    const all = [...this.store.messages.values()].sort((one, other) => (isEarlier(one.id, other.id) ? -1 : 1));
    this.list.append(this.beginning(), ...all.map((message) => this.item(message)));
    this.drawNotices();
    this.follows = true;
    this.stoodAt = 0;
    this.stay();
  }

  beginning() {
    const channel = this.store.channel;
    const isDirect = channel.type === 1;
    const name = this.store.channelName(channel);
    const [before, after] = t("Type {key} for the bot’s commands, or drop a file to send it.", { key: "\0" }).split("\0");
    return el(
      "li",
      { class: "beginning", data: { id: "0" } },
      el("h2", { text: isDirect ? name : `#${name}` }),
      el("p", {
        text: isDirect
          ? t("Direct messages with {name}, on this machine alone.", { name })
          : t("The channel begins here. Nothing of it leaves this machine."),
      }),
      el("p", {}, before, el("kbd", { text: "/" }), after),
    );
  }

  draw(message) {
    const old = this.find(message.id);
    if (old) {
      const held = this.held(old, message);
      old.className = this.face.classes(message);
      fill(old, this.face.inside(message));
      if (held) this.giveBack(old, message, held);
    } else {
      this.insert(this.item(message));
    }
    this.drawReplies(message);
    this.stay();
  }

  // A reply quotes how its target looks now.
  drawReplies(target) {
    for (const message of this.store.messages.values()) {
      if (message.message_reference?.message_id !== target.id) continue;
      this.find(message.id)?.querySelector(":scope > .origin")?.replaceWith(this.face.origin(message));
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
    return el(
      "li",
      {
        class: this.face.classes(message),
        tabindex: "-1",
        data: { id: message.id },
        on: {
          contextmenu: (event) => {
            if (!event.target.closest("a, input, audio")) {
              event.preventDefault();
              this.menu(message.id, { x: event.clientX, y: event.clientY });
            }
          },
        },
      },
      this.face.inside(message),
    );
  }

  // -- notices of this window ---------------------------------------------------------------------

  drawNotices() {
    const { channelId, memberId, notices } = this.store;
    const here = notices.filter((notice) => notice.channelId === channelId && notice.memberId === memberId);
    const ids = new Set(here.map((notice) => notice.id));
    for (const old of this.list.querySelectorAll(".notice")) if (!ids.has(old.dataset.id)) old.remove();
    // one that stands is left alone: put there again, it would be read out again
    for (const notice of here) if (!this.find(notice.id)) this.insert(this.face.notice(notice));
    this.stay();
  }

  markBusy() {
    for (const item of this.list.children) {
      const message = this.store.messages.get(item.dataset.id);
      if (!message) continue;
      if (item.classList.contains("busy") !== this.store.isPending(message.id)) this.draw(message);
    }
  }

  menu(id, where) {
    const message = this.store.messages.get(id);
    const entries = message ? this.actions.entries(message) : [];
    const item = this.find(id);
    if (entries.length) openMenu(entries, where, item?.querySelector(".message-more") ?? item);
  }

  // -- keys and scrolling -------------------------------------------------------------------------

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
      this.menu(item.dataset.id, item.getBoundingClientRect());
    }
  }

  isAtEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_END_PX;
  }

  // Only who goes up leaves the end: a channel that grows beneath one's eyes moves nothing, and a window that grows, as
  // when a chosen file has been sent, moves what it shows up by as much.
  lookWhere() {
    const { scrollTop, clientHeight } = this.scroll;
    const moved = Math.max(0, clientHeight - this.height);
    if (this.isAtEnd()) this.follows = true;
    else if (scrollTop < this.stoodAt - moved) this.follows = false;
    this.stoodAt = scrollTop;
    this.height = clientHeight;
    this.scroll.classList.toggle("follows", this.follows);
  }

  stay() {
    this.lookWhere();
    if (this.follows) {
      this.scroll.scrollTop = this.scroll.scrollHeight;
      this.stoodAt = this.scroll.scrollTop;
    }
    this.makeReachable();
  }

  jump(id) {
    const item = this.find(id);
    if (!item) return;
    this.follows = false;
    item.scrollIntoView({ block: "center" });
    item.classList.add("shine");
    setTimeout(() => item.classList.remove("shine"), SHINE_MS);
    item.focus({ preventScroll: true });
  }
}
