// What can be done with a message: its buttons and selects, and the entries of its menu.

import { post, verb } from "./api.js";
import { plain } from "./message.js";
import { complain } from "./toasts.js";
import { t } from "./words.js";

const TEXT = 0;
const MESSAGE_COMMAND = 3;
const THREAD_NAME_LENGTH = 40;

export class MessageActions {
  constructor(store, names) {
    this.store = store;
    this.names = names;
  }

  press(message, component) {
    const what = `“${component.label ?? component.emoji?.name ?? "the button"}”`;
    return this.interact("click", { message: message.id, button: component.custom_id }, what, message.id);
  }

  choose(message, component, values) {
    const given = { message: message.id, custom_id: component.custom_id, values };
    return this.interact("select", given, "your choice", message.id);
  }

  command(message, name) {
    const install = this.store.installAt(this.store.channel);
    return this.interact("message_command", { name, message: message.id, install }, `“${name}”`);
  }

  interact(name, given, what, message) {
    const asked = { ...given, member: this.store.memberId };
    return this.store.interact(name, asked, {}, { what, message }).catch(complain);
  }

  /** Delete a message, or dismiss a private one. */
  erase(id) {
    return verb("delete_message", { message: id, member: this.store.memberId }).catch(complain);
  }

  /** The entries of a message's menu. */
  entries(message) {
    if (message.visible_to) {
      return [...this.copy(message), { label: t("Dismiss"), act: () => this.erase(message.id) }];
    }
    const commands = this.store.commands.filter((command) => command.type === MESSAGE_COMMAND);
    const bot = this.store.nameOf(this.store.bot);
    const entries = commands.map(({ name }) => ({ label: name, mark: bot, act: () => this.command(message, name) }));
    if (this.store.channel.type === TEXT) {
      entries.push({ label: t("Start a thread"), act: () => this.startThread(message) });
    }
    entries.push(...this.copy(message));
    if (this.store.mayDelete(message)) {
      entries.push({ label: t("Delete message"), danger: true, act: () => this.erase(message.id) });
    }
    return entries;
  }

  copy(message) {
    if (!message.content) return [];
    return [{ label: t("Copy text"), act: () => navigator.clipboard?.writeText(message.content).catch(() => {}) }];
  }

  async startThread(message) {
    const name = plain(message.content, this.names).slice(0, THREAD_NAME_LENGTH) || "A thread";
    try {
      const thread = await post("/sandbox/switches/start_thread", { name, channel: this.store.channelId });
      await this.store.refresh();
      await this.store.open(thread.id);
    } catch (error) {
      complain(error);
    }
  }
}
