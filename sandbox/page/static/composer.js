// The bar at the bottom: messages with files, and commands with their options, by keyboard or mouse.

import { verb } from "./api.js";
import { described, matching, typed } from "./commands.js";
import { el, icon } from "./dom.js";
import { FileField } from "./filefield.js";
import { Listbox } from "./listbox.js";
import { grow, optionField } from "./options.js";
import { complain } from "./toasts.js";
import { Progress } from "./progress.js";
import { t } from "./words.js";

const MAX_FILES = 10;
const COMPLETION_MS = 3500;
const MAX_KEPT = 20; // choices that nobody has asked for by then came too late

export class Composer {
  constructor(store, root) {
    this.store = store;
    this.root = root;
    this.drafts = new Map(); // command name -> values and files, so that leaving a command loses nothing
    this.command = null;
    this.fields = new Map();
    this.waiting = new Map(); // autocomplete interaction -> who waits for its choices
    this.answered = new Map(); // choices that came before the answer to the verb
    this.build();
    store.on("place", () => this.place());
    store.on("state", () => this.place());
    store.on("choices", (change) => {
      const waiting = this.waiting.get(change.interaction_id);
      if (waiting) waiting(change.choices);
      else this.keep(change.interaction_id, change.choices);
    });
  }

  // -- the message bar ----------------------------------------------------------------------------

  build() {
    this.text = el("textarea", {
      id: "composer-text",
      class: "bar-text",
      rows: "1",
      "aria-label": t("Message"),
      maxlength: "2000",
    });
    this.listbox = new Listbox(this.text, (item) => this.begin(item.command), t("Commands"));
    this.attached = new FileField({ most: MAX_FILES, label: t("Message"), next: () => this.text });
    this.sending = new Progress();
    this.send = el("button", { type: "submit", class: "send", "aria-label": t("Send message") }, icon("send"));
    this.bar = el(
      "form",
      {
        class: "bar",
        on: {
          submit: (event) => {
            event.preventDefault();
            this.sendMessage();
          },
        },
      },
      this.listbox.node,
      el("div", { class: "bar-files" }, this.attached.list, this.sending.node),
      el(
        "div",
        { class: "bar-line" },
        el(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": t("Add files"),
            on: { click: () => this.attached.input.click() },
          },
          icon("attach"),
        ),
        this.attached.input,
        this.text,
        this.send,
      ),
    );
    this.card = el("form", {
      class: "command",
      hidden: true,
      "aria-label": t("Command"),
      on: {
        submit: (event) => {
          event.preventDefault();
          this.sendCommand();
        },
        keydown: (event) => this.cardKey(event),
      },
    });
    this.root.append(this.bar, this.card);
    this.text.addEventListener("input", () => {
      grow(this.text);
      this.suggest();
    });
    this.text.addEventListener("keydown", (event) => this.key(event));
    // at once: later it would hide what is suggested to somebody who is back by then
    this.text.addEventListener("blur", () => this.listbox.hide());
    this.text.addEventListener("paste", (event) => {
      if (event.clipboardData?.files.length) this.attached.add([...event.clipboardData.files]);
    });
  }

  place() {
    const channel = this.store.channel;
    if (!channel) return;
    const name = this.store.channelName(channel);
    this.text.placeholder =
      t("Message {name}, or /", { name: channel.type === 1 ? name : `#${name}` });
    if (this.placeId !== `${channel.id} ${this.store.memberId}`) this.leave();
    this.placeId = `${channel.id} ${this.store.memberId}`;
  }

  suggest() {
    const words = this.text.value;
    if (!words.startsWith("/") || words.includes("\n")) return this.listbox.hide();
    const found = matching(typed(this.store.commands), words.slice(1));
    const items = found.map((command) => ({
      label: `/${command.name}`,
      detail: command.description,
      mark: this.store.nameOf(this.store.bot),
      command,
    }));
    const none = this.store.commands.length
      ? t("No command begins like this.")
      : t("The bot has registered no commands here.");
    this.listbox.show(items, { empty: none });
  }

  key(event) {
    if (this.listbox.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.bar.requestSubmit();
    }
  }

  async sendMessage() {
    const content = this.text.value.trim();
    const files = this.attached.files;
    if (content.startsWith("/")) return this.suggest();
    if ((!content && !files.length) || this.send.disabled) return;
    const named = Object.fromEntries(files.map((file, index) => [`file${index}`, file]));
    const given = { content, member: this.store.memberId, channel: this.store.channelId };
    this.send.disabled = true; // the same message would go a second time
    try {
      await verb("post", given, named, this.sending.begin(named));
    } catch (error) {
      return complain(error);
    } finally {
      this.send.disabled = false;
      this.sending.end();
    }
    // what was typed and added meanwhile is of the next message
    if (this.text.value.trim() === content) this.text.value = "";
    this.attached.files = this.attached.files.filter((file) => !files.includes(file));
    this.attached.draw();
    grow(this.text);
  }

  /** Files that were dropped anywhere on the page. */
  take(files) {
    const free = [...this.fields.values()].find((field) => field.picker?.hasRoom);
    if (this.command && free) free.picker.add(files);
    else if (this.command) this.addOptionFor(files);
    else this.attached.add(files);
  }

  addOptionFor(files) {
    const option = this.command.options.find((one) => one.type === 11 && !this.fields.has(one.name));
    if (option) this.add(option).picker.add(files);
  }

  // -- a command ----------------------------------------------------------------------------------

  begin(command) {
    this.text.value = "";
    grow(this.text);
    this.command = command;
    this.fields = new Map();
    this.options = el("div", { class: "options" });
    this.more = el("div", { class: "more" });
    this.error = el("p", { class: "error", role: "alert" });
    this.progress = new Progress();
    this.go = el("button", { type: "submit", class: "button button-primary" }, t("Send"));
    this.card.replaceChildren(
      el(
        "header",
        { class: "command-head" },
        el("b", { text: `/${command.name}` }),
        el("span", { text: command.description }),
        el(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": t("Leave the command"),
            on: { click: () => this.leave(true) },
          },
          icon("close"),
        ),
      ),
      this.options,
      el(
        "footer",
        { class: "command-foot" },
        this.more,
        el(
          "small",
          { class: "hint" },
          el("kbd", { text: "Enter" }),
          t(" sends, "),
          el("kbd", { text: "Shift+Enter" }),
          t(" makes a new line"),
        ),
        this.go,
      ),
      this.progress.node,
      this.error,
    );
    const draft = this.drafts.get(command.name) ?? {};
    for (const option of command.options)
      if (option.required || draft[option.name] !== undefined) this.add(option, draft[option.name]);
    this.offer();
    this.bar.hidden = true;
    this.card.hidden = false;
    const first = [...this.fields.values()][0];
    if (first) first.focus();
    else this.go.focus();
  }

  add(option, value) {
    const field = optionField(option, {
      people: () => [this.store.bot, ...this.store.state.members].map((one) => [this.store.nameOf(one), one.id]),
      channels: () => this.store.state.channels.filter((one) => one.guild_id).map((one) => [`#${one.name}`, one.id]),
      complete: (name, text) => this.complete(name, text),
      leaveOut: (name) => this.remove(name),
      changed: () => this.error.replaceChildren(),
      next: () => this.after(option.name),
    });
    this.fields.set(option.name, field);
    this.options.append(field.node);
    if (value !== undefined) field.set(value);
    this.offer();
    return field;
  }

  /** The field behind that one; behind the last, the button that sends. */
  after(name) {
    const names = [...this.fields.keys()];
    return this.fields.get(names[names.indexOf(name) + 1]) ?? this.go;
  }

  remove(name) {
    this.fields.get(name).node.remove();
    this.fields.delete(name);
    this.offer();
    (this.more.querySelector("button") ?? this.go).focus();
  }

  offer() {
    const left = this.command.options.filter((option) => !this.fields.has(option.name));
    this.more.replaceChildren(
      ...left.map((option) =>
        el(
          "button",
          { type: "button", class: "chip", title: described(option), on: { click: () => this.add(option).focus() } },
          `+ ${option.name}`,
        ),
      ),
    );
  }

  // Enter sends wherever one types; a list of suggestions, a button and a drop-down keep their own Enter.
  cardKey(event) {
    if (event.defaultPrevented) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.leave(true);
    } else if (
      event.key === "Enter" &&
      !event.shiftKey &&
      !event.isComposing &&
      event.target.matches("textarea, input, select")
    ) {
      event.preventDefault();
      this.card.requestSubmit();
    }
  }

  values() {
    const values = {};
    const files = {};
    for (const [name, field] of this.fields) {
      if (field.files().length) files[name] = field.files()[0];
      const value = field.value();
      if (value !== undefined) values[name] = value;
    }
    return { values, files };
  }

  async sendCommand() {
    const command = this.command;
    const { values, files } = this.values();
    const given = {
      command: command.name,
      options: values,
      member: this.store.memberId,
      channel: this.store.channelId,
      install: this.store.installAt(this.store.channel),
    };
    const draft = this.draft();
    const { go, progress } = this;
    if (go.disabled) return;
    go.disabled = true;
    try {
      await this.store.interact("slash", given, files, {
        what: `/${command.name}`,
        progress: progress.begin(files),
        restore: () => {
          this.drafts.set(command.name, draft);
          this.begin(command);
        },
      });
    } catch (error) {
      this.error.textContent = error.message;
      this.error.scrollIntoView({ block: "nearest" });
      if (error.status === undefined) throw error;
      return;
    } finally {
      go.disabled = false;
      progress.end();
    }
    this.drafts.delete(command.name);
    this.leave(true, false);
  }

  draft() {
    return Object.fromEntries(
      [...this.fields].map(([name, field]) => [name, field.files().length ? field.files() : field.value()]),
    );
  }

  leave(giveFocus = false, keep = true) {
    if (this.command && keep) this.drafts.set(this.command.name, this.draft());
    this.command = null;
    this.fields = new Map();
    this.card.hidden = true;
    this.bar.hidden = false;
    if (giveFocus) this.text.focus();
  }

  /** What the bot suggests for an option; nothing when it does not answer in time. */
  async complete(option, text) {
    const { values } = this.values();
    delete values[option];
    const given = {
      command: this.command.name,
      option,
      text,
      options: values,
      member: this.store.memberId,
      channel: this.store.channelId,
    };
    try {
      const asked = await verb("autocomplete", given);
      return await this.choices(asked.id);
    } catch (error) {
      this.error.textContent = error.message;
      return [];
    }
  }

  keep(id, choices) {
    this.answered.set(id, choices);
    if (this.answered.size > MAX_KEPT) this.answered.delete(this.answered.keys().next().value);
  }

  choices(id) {
    const known = this.answered.get(id);
    this.answered.delete(id); // what else is in it may be for a later text, whose verb is not answered yet
    if (known) return known;
    return new Promise((resolve) => {
      const done = (choices) => {
        this.waiting.delete(id);
        resolve(choices);
      };
      this.waiting.set(id, done);
      setTimeout(() => done([]), COMPLETION_MS);
    });
  }
}
