// The column on the left: where one can be, and as whom.

import { avatar, el, icon } from "./dom.js";
import { choose, language, languages, t } from "./words.js";

const [TEXT, DIRECT, THREAD] = [0, 1, 11];

export class Rail {
  constructor(store, root) {
    this.store = store;
    this.root = root;
    this.places = el("nav", { class: "places", "aria-label": t("Channels") });
    this.people = el("div", { class: "people" });
    root.append(
      el(
        "header",
        { class: "brand" },
        el("span", { class: "brand-mark", "aria-hidden": "true" }, el("i"), el("i"), el("i"), el("i"), el("i")),
        el(
          "div",
          {},
          el("b", { text: "Sandbox" }),
          el("small", { text: t("Plays a chat service on this machine. It is not Discord, and nothing leaves here.") }),
        ),
        el(
          "button",
          {
            type: "button",
            class: "icon-button rail-close",
            "aria-label": t("Close the list of channels"),
            on: { click: () => this.toggle(false) },
          },
          icon("close"),
        ),
      ),
      this.places,
      this.people,
      tongues(),
    );
    for (const kind of ["state", "place", "unread"]) store.on(kind, () => this.draw());
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.toggle(false);
    });
  }

  draw() {
    if (!this.store.state) return;
    const held = this.root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.drawPlaces();
    this.drawPeople();
    if (held) this.root.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus();
  }

  drawPlaces() {
    const { state } = this.store;
    const groups = state.guilds.map((guild) => {
      const inside = state.channels.filter((channel) => channel.guild_id === guild.id && channel.type === TEXT);
      return el(
        "section",
        {},
        el("h3", {}, guild.name, !guild.bot_present && el("small", { text: t(" without the bot") })),
        el(
          "ul",
          {},
          inside.flatMap((channel) => [channel, ...this.threads(channel)]).map((channel) => this.place(channel)),
        ),
      );
    });
    const direct = state.channels.find((channel) => channel.type === DIRECT);
    groups.push(el("section", {}, el("h3", { text: t("Direct messages") }), el("ul", {}, this.directRow(direct))));
    this.places.replaceChildren(...groups);
  }

  threads(channel) {
    return this.store.state.channels.filter((one) => one.type === THREAD && one.parent_id === channel.id);
  }

  directRow(channel) {
    return this.row({
      key: "direct",
      name: this.store.nameOf(this.store.bot),
      mark: icon("person"),
      isHere: Boolean(channel) && channel.id === this.store.channelId,
      isUnread: Boolean(channel) && this.store.unread.has(channel.id),
      go: () => (channel ? this.store.open(channel.id) : this.store.openDirect()),
    });
  }

  place(channel) {
    return this.row({
      key: channel.id,
      name: channel.name,
      mark: icon(channel.type === THREAD ? "thread" : "hash"),
      isHere: channel.id === this.store.channelId,
      isUnread: this.store.unread.has(channel.id),
      isInner: channel.type === THREAD,
      go: () => this.store.open(channel.id),
    });
  }

  row({ key, name, mark, isHere, isUnread, isInner, go }) {
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          class: ["place", isUnread && "unread", isInner && "inner"].filter(Boolean).join(" "),
          data: { key },
          "aria-current": isHere ? "page" : null,
          on: {
            click: () => {
              this.toggle(false);
              go();
            },
          },
        },
        mark,
        el("span", { text: name }),
        isUnread && el("span", { class: "dot" }, el("span", { class: "sr", text: t("unread") })),
      ),
    );
  }

  drawPeople() {
    this.people.replaceChildren(
      el("h3", { id: "people-title", text: t("You are") }),
      el(
        "div",
        { role: "group", "aria-labelledby": "people-title", class: "people-list" },
        this.store.state.members.map((person) =>
          el(
            "button",
            {
              type: "button",
              class: "person",
              "aria-pressed": String(person.id === this.store.memberId),
              data: { key: `person ${person.id}` },
              on: { click: () => this.store.become(person.id) },
            },
            avatar(person, person.display_name),
            el("span", { text: person.display_name }),
          ),
        ),
      ),
    );
  }

  toggle(open) {
    this.root.classList.toggle("open", open);
    if (open) this.root.querySelector("[aria-current]")?.focus();
  }
}

// The page's own words, and what the bot is told of the member's language.
function tongues() {
  return el(
    "div",
    { class: "tongues", role: "group", "aria-label": t("Language") },
    languages.map(([code, name]) =>
      el(
        "button",
        {
          type: "button",
          class: "tongue",
          lang: code,
          "aria-pressed": String(code === language),
          on: { click: () => code !== language && choose(code) },
        },
        name,
      ),
    ),
  );
}
