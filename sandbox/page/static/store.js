// What one member sees, kept true by the stream of changes; the parts of the page listen to it and ask it to act.

import { get, post, token, verb } from "./api.js";
import { memberLocale, t } from "./words.js";

const CHANGES = [
  "message_create",
  "message_update",
  "message_delete",
  "interaction_answered",
  "interaction_failed",
  "choices",
  "modal_opened",
  "modal_closed",
  "commands_registered",
  "channel_create",
  "channel_update",
  "channel_delete",
  "guild_create",
  "guild_delete",
  "typing",
  "gateway",
];
const RETRY_MS = 1000;
const ALIVE_SECONDS = 2;
const MAX_SILENT_MS = 7000;
const REFRESH_MS = 60;
const MAX_EARLY = 50;
const EPOCH_MS = 1_420_070_400_000;
const MANAGE_MESSAGES = 1n << 13n;

export class Store extends EventTarget {
  constructor() {
    super();
    this.state = null;
    this.memberId = null;
    this.channelId = null;
    this.messages = new Map(); // of the channel at hand, by id
    this.gone = new Set(); // messages that were deleted while one looked on
    this.unread = new Set();
    this.pending = new Map(); // interaction id -> what was asked for, until it is answered
    this.early = new Set(); // interactions whose end came before the answer to the verb
    this.notices = [];
    this.clockOffsetMs = 0;
    this.stream = null;
    this.isAway = false;
    this.heardAt = 0;
    this.turn = 0;
    this.loading = null;
    this.refreshing = null;
  }

  // -- looking ------------------------------------------------------------------------------------

  get member() {
    return this.state.members.find((one) => one.id === this.memberId);
  }
  get channel() {
    return this.state.channels.find((one) => one.id === this.channelId);
  }
  get commands() {
    return this.state.commands[this.channelId] ?? [];
  }
  get bot() {
    return this.state.bot;
  }

  /** Milliseconds as the sandbox counts them; its time can be moved ahead. */
  now() {
    return Date.now() + this.clockOffsetMs;
  }

  /** How a person is called here. */
  nameOf(person) {
    const known = this.state.members.find((one) => one.id === person.id);
    return known?.display_name ?? person.global_name ?? (person.bot ? capital(person.username) : person.username);
  }

  person(id) {
    return this.bot.id === id ? this.bot : this.state.members.find((one) => one.id === id);
  }

  channelName(channel) {
    return channel.type === 1 ? this.nameOf(this.bot) : channel.name;
  }

  /** How the app came to be in a channel: by the server, or by the member alone. */
  installAt(channel) {
    const guild = this.state.guilds.find((one) => one.id === channel.guild_id);
    return guild && !guild.bot_present ? "user" : "guild";
  }

  mayDelete(message) {
    const moderates = Boolean(BigInt(this.channel?.permissions ?? 0) & MANAGE_MESSAGES);
    return message.author.id === this.memberId || message.visible_to === this.memberId || moderates;
  }

  // -- being somebody somewhere -------------------------------------------------------------------

  async start() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const everything = await get("/sandbox/state");
    const people = everything.members;
    const chosen = people.find((one) => one.id === wanted.get("member")) ?? people[1] ?? people[0];
    this.watch();
    await this.become(chosen.id, wanted.get("channel"));
  }

  async become(memberId, channelId = this.channelId) {
    this.memberId = memberId;
    this.unread.clear();
    // as a client does, whose language is the member's: the bot answers in it
    await post("/sandbox/switches/set_member", { member: memberId, locale: memberLocale });
    await this.connect(channelId);
  }

  async connect(channelId) {
    const turn = (this.turn += 1);
    this.stream?.close();
    const state = await get("/sandbox/state", { member: this.memberId });
    const shown = await token();
    if (turn !== this.turn) return; // somebody else is wanted by now
    this.take(state);
    this.follow(this.state.sequence, shown);
    const there = this.state.channels.find((one) => one.id === channelId) ?? this.state.channels[0];
    await this.open(there.id);
    for (const modal of this.state.modals) this.tell("modal", modal);
  }

  async open(channelId) {
    this.channelId = channelId;
    this.unread.delete(channelId);
    const loading = (this.loading = []);
    this.messages = new Map();
    this.tell("place");
    location.replace(`#${new URLSearchParams({ channel: channelId, member: this.memberId })}`);
    const found = await get(`/sandbox/channels/${channelId}/messages`, { member: this.memberId });
    if (this.loading !== loading) return; // another channel was opened meanwhile
    this.messages = new Map(found.map((message) => [message.id, message]));
    this.loading = null;
    this.tell("channel");
    for (const change of loading) this.applyMessage(change);
  }

  async openDirect() {
    const channel = await post("/sandbox/switches/open_dm", { member: this.memberId });
    await this.refresh();
    await this.open(channel.id);
  }

  async refresh() {
    const turn = this.turn;
    const state = await get("/sandbox/state", { member: this.memberId });
    if (turn !== this.turn) return;
    this.take(state);
    if (!this.channel) await this.open(this.state.channels[0].id);
  }

  take(state) {
    this.state = state;
    this.clockOffsetMs = state.time * 1000 - Date.now();
    this.tell("state");
  }

  // -- the stream ---------------------------------------------------------------------------------

  follow(after, shown) {
    // an EventSource adds no headers
    const query = new URLSearchParams({
      member: this.memberId,
      also: "gateway",
      after,
      token: shown,
      alive: ALIVE_SECONDS,
    });
    const stream = (this.stream = new EventSource(`/sandbox/events?${query}`));
    for (const kind of CHANGES) {
      stream.addEventListener(kind, (event) => {
        this.heard();
        this.change(JSON.parse(event.data));
      });
    }
    stream.addEventListener("alive", () => this.heard());
    // not left to the browser: a sandbox that was started again counts its changes from the beginning
    stream.onerror = () => this.lose(stream);
    this.heard();
  }

  heard() {
    this.heardAt = Date.now();
  }

  // A line that is cut ends nothing: it only falls silent. Looked at now and then, and when the browser has doubts.
  watch() {
    const doubt = () => {
      const { stream } = this;
      if (!this.isAway && stream) get("/sandbox/state", { member: this.memberId }).catch(() => this.lose(stream));
    };
    window.addEventListener("offline", doubt);
    window.addEventListener("sandbox-unanswered", () => this.stream && this.lose(this.stream));
    setInterval(() => {
      if (this.stream && Date.now() - this.heardAt > MAX_SILENT_MS) this.lose(this.stream);
    }, RETRY_MS);
  }

  lose(stream) {
    stream.close();
    if (this.isAway || stream !== this.stream) return;
    this.isAway = true;
    this.tell("connection", false);
    this.reconnectLater();
  }

  reconnectLater() {
    setTimeout(async () => {
      try {
        await this.connect(this.channelId);
        this.isAway = false;
        this.tell("connection", true);
      } catch {
        this.reconnectLater();
      }
    }, RETRY_MS);
  }

  change(change) {
    this.clockOffsetMs = Math.max(this.clockOffsetMs, change.at * 1000 - Date.now());
    switch (change.kind) {
      case "message_create":
      case "message_update":
      case "message_delete":
        return this.applyMessage(change);
      case "interaction_answered":
        return this.settle(change.interaction);
      case "interaction_failed":
        return this.fail(change.interaction);
      case "choices":
        return this.tell("choices", change);
      case "modal_opened":
        return this.tell("modal", change.modal);
      case "modal_closed":
        return this.tell("modal-closed", change.modal);
      case "typing":
        return this.tell("typing", change.channel_id);
      default:
        return this.refreshSoon();
    }
  }

  refreshSoon() {
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(() => this.refresh().catch(() => {}), REFRESH_MS);
  }

  applyMessage(change) {
    const message = change.message;
    if (message.channel_id !== this.channelId) {
      if (change.kind === "message_create" && message.author.id !== this.memberId) this.unread.add(message.channel_id);
      return this.tell("unread");
    }
    if (this.loading) return this.loading.push(change);
    if (change.kind === "message_delete") {
      this.messages.delete(message.id);
      this.gone.add(message.id);
      return this.tell("message-gone", message);
    }
    const isNew = !this.messages.has(message.id);
    const before = this.messages.get(message.id) ?? null;
    this.messages.set(message.id, message);
    this.tell("message", { message, before, isNew });
  }

  // -- acting -------------------------------------------------------------------------------------

  /** Do something that the bot must answer; `what` says it in words, `restore` brings the input back if it does not. */
  async interact(name, given, files, { what, restore, message, typed, progress } = {}) {
    const done = await verb(name, given, files, progress);
    if (this.early.delete(done.id)) return done;
    this.pending.set(done.id, { what, restore, message, typed, channelId: done.channel_id, memberId: this.memberId });
    this.tell("pending");
    return done;
  }

  settle(interaction) {
    if (this.early.size > MAX_EARLY) this.early.clear();
    if (!this.pending.delete(interaction.id)) this.early.add(interaction.id);
    this.tell("pending");
  }

  fail(interaction) {
    const asked = this.pending.get(interaction.id);
    if (!asked) return;
    this.pending.delete(interaction.id);
    this.tell("pending");
    this.notice({ ...asked, text: t("{bot} did not answer {what} in time.", { bot: this.nameOf(this.bot), what: asked.what ?? "this" }) });
  }

  isPending(messageId) {
    return [...this.pending.values()].some((asked) => asked.message === messageId);
  }

  /** A line only this window shows. */
  notice(notice) {
    const id = ((BigInt(Math.round(this.now())) - BigInt(EPOCH_MS)) << 22n).toString();
    this.notices.push({ ...notice, id, at: this.now() });
    this.tell("notice", notice);
  }

  dropNotice(id) {
    this.notices = this.notices.filter((notice) => notice.id !== id);
    this.tell("notice");
  }

  tell(kind, detail = null) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  on(kind, listener) {
    this.addEventListener(kind, (event) => listener(event.detail));
  }
}

function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Ids are snowflakes: later is larger, once compared as numbers. */
export function isEarlier(one, other) {
  return one.length === other.length ? one < other : one.length < other.length;
}
