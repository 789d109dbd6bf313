// What one message looks like, and the lines of this window that look like messages.

import { components } from "./components.js";
import { avatar, el, icon } from "./dom.js";
import { embed } from "./embeds.js";
import { attachment } from "./files.js";
import { markdown } from "./markdown.js";
import { shortTime } from "./time.js";
import { t } from "./words.js";

const V2 = 1 << 15;
const [COMMAND, CONTEXT_MENU] = [20, 23];

export class MessageFace {
  /** `actions`: press, choose and erase; `menu(id, where)` and `jump(id)` belong to the list. */
  constructor(store, { names, actions, menu, jump }) {
    this.store = store;
    this.names = names;
    this.actions = actions;
    this.menu = menu;
    this.jump = jump;
  }

  classes(message) {
    const me = message.mentioned_user_ids.includes(this.store.memberId);
    const busy = this.store.isPending(message.id);
    return [
      "message",
      busy && "busy",
      message.visible_to && "private",
      me && "mentions-me",
      message.author.bot && "by-bot",
    ]
      .filter(Boolean)
      .join(" ");
  }

  inside(message) {
    const name = this.store.nameOf(message.author);
    return [
      this.origin(message),
      avatar(message.author, name),
      el(
        "div",
        { class: "message-body" },
        el(
          "div",
          { class: "message-head" },
          el("span", { class: "message-author", text: name }),
          message.author.bot && el("span", { class: "tag", text: t("app") }),
          el("time", {
            class: "message-time",
            datetime: message.timestamp,
            text: shortTime(Date.parse(message.timestamp)),
          }),
          message.edited_timestamp && !message.loading && el("span", { class: "message-edited", text: t("(edited)") }),
        ),
        message.loading ? this.thinking(name) : this.content(message),
        message.visible_to && this.privacy(message),
      ),
      el(
        "button",
        {
          type: "button",
          class: "icon-button message-more",
          "aria-label": t("Actions for the message of {name}", { name }),
          "aria-haspopup": "menu",
          on: { click: (event) => this.menu(message.id, event.currentTarget.getBoundingClientRect()) },
        },
        icon("more"),
      ),
    ];
  }

  content(message) {
    const isV2 = Boolean(message.flags & V2);
    const files = message.attachments.filter((file) => !isInEmbed(file, message.embeds));
    const context = {
      message,
      names: this.names,
      busy: this.store.isPending(message.id),
      press: (component) => this.actions.press(message, component),
      choose: (component, values) => this.actions.choose(message, component, values),
    };
    return [
      message.content && el("div", { class: "text" }, markdown(message.content, this.names)),
      !isV2 && files.length > 0 && el("div", { class: "files" }, files.map(attachment)),
      message.embeds.map((data) => embed(data, this.names, message.attachments)),
      components(message.components, context),
    ];
  }

  thinking(name) {
    return el(
      "p",
      { class: "thinking" },
      el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
      t("{name} is thinking…", { name }),
    );
  }

  privacy(message) {
    return el(
      "p",
      { class: "privacy" },
      icon("eye"),
      t("Only you can see this · "),
      el(
        "button",
        {
          type: "button",
          class: "link-button",
          on: { click: () => this.actions.erase(message.id) },
        },
        t("Dismiss"),
      ),
    );
  }

  // What it answers: a message, or a command somebody used.
  origin(message) {
    const meta = message.interaction_metadata;
    if (message.message_reference && message.type !== CONTEXT_MENU) return this.reply(message);
    if (meta?.name && (message.type === COMMAND || message.type === CONTEXT_MENU)) {
      const command = message.type === COMMAND ? `/${meta.name}` : meta.name;
      return el(
        "p",
        { class: "origin" },
        icon("reply"),
        el("span", { class: "mention", text: this.store.nameOf(meta.user) }),
        t(" used "),
        el("b", { text: command }),
      );
    }
    return null;
  }

  reply(message) {
    const target = this.store.messages.get(message.message_reference.message_id) ?? message.referenced_message;
    if (!target || this.store.gone.has(target.id))
      return el("p", { class: "origin" }, icon("reply"), el("i", { text: t("The message was deleted") }));
    const words =
      target.content ||
      target.embeds[0]?.title ||
      target.embeds[0]?.description ||
      target.attachments[0]?.filename ||
      "a message";
    return el(
      "p",
      { class: "origin" },
      icon("reply"),
      el(
        "button",
        { type: "button", class: "link-button", on: { click: () => this.jump(target.id) } },
        el("span", { class: "mention", text: this.store.nameOf(target.author) }),
        ` ${plain(words, this.names)}`,
      ),
    );
  }

  notice(notice) {
    return el(
      "li",
      { class: "message notice", tabindex: "-1", data: { id: notice.id } },
      el(
        "div",
        { class: "message-body" },
        el("p", { class: "notice-text", role: "alert", text: notice.text }),
        notice.typed &&
          el("details", {}, el("summary", { text: t("What you had typed") }), el("pre", { text: notice.typed })),
        el(
          "p",
          { class: "privacy" },
          icon("eye"),
          t("Only you can see this · "),
          notice.restore && [
            el(
              "button",
              {
                type: "button",
                class: "link-button",
                on: {
                  click: () => {
                    this.store.dropNotice(notice.id);
                    notice.restore();
                  },
                },
              },
              t("Try again"),
            ),
            " · ",
          ],
          el(
            "button",
            { type: "button", class: "link-button", on: { click: () => this.store.dropNotice(notice.id) } },
            t("Dismiss"),
          ),
        ),
      ),
    );
  }
}

/** The words of a message without its markdown, for a line that quotes it. */
export function plain(words, names) {
  const named = words.replace(/<@!?(\d+)>/g, (_, id) => `@${names.user(id)}`).replace(/<t:\d+(:\w)?>/g, "…");
  return named
    .replace(/^-# /gm, "")
    .replace(/[*_`~|>#]/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 90);
}

// A file that an embed shows is not shown a second time.
function isInEmbed(file, embeds) {
  const path = file.url.split("?")[0];
  return embeds.some((data) => [data.image, data.thumbnail].some((one) => one?.url?.split("?")[0] === path));
}
