// Faults by hand: levers described by the server, and what the bot called lately. Looked at only while it is open.

import { get, post } from "./api.js";
import { el, icon } from "./dom.js";
import { complain } from "./toasts.js";
import { locale } from "./words.js";

const LOOK_EVERY_MS = 1500;
const CALLS_SHOWN = 25;

export class Panel {
  constructor(store, root, opener) {
    this.store = store;
    this.root = root;
    this.opener = opener;
    this.timer = null;
    this.body = el("div", { class: "panel-groups" });
    this.calls = el("tbody");
    this.notes = el("div", { class: "panel-notes" });
    root.append(
      el(
        "header",
        { class: "panel-head" },
        el("h2", { text: "Faults by hand" }),
        el(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": "Close the panel",
            on: { click: () => this.toggle(false) },
          },
          icon("close"),
        ),
      ),
      el("p", { class: "panel-about", text: "Break something and watch what the bot does." }),
      this.body,
      el(
        "button",
        { type: "button", class: "button button-success wide", on: { click: () => this.send("/backstage/restore") } },
        "Everything works again",
      ),
      el(
        "section",
        { class: "calls" },
        el("h3", { text: "What the bot called lately" }),
        this.notes,
        el(
          "div",
          { class: "table", tabindex: "0", role: "region", "aria-label": "Calls" },
          el(
            "table",
            {},
            el(
              "thead",
              {},
              el(
                "tr",
                {},
                ["at", "call", "answer"].map((word) => el("th", { text: word })),
              ),
            ),
            this.calls,
          ),
        ),
      ),
    );
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.toggle(false);
    });
    opener.addEventListener("click", () => this.toggle(root.hidden));
    store.on("place", () => {
      if (!root.hidden) this.look();
    });
  }

  toggle(open) {
    this.root.hidden = !open;
    this.opener.setAttribute("aria-expanded", String(open));
    clearInterval(this.timer);
    if (open) {
      this.look();
      this.timer = setInterval(() => this.look(), LOOK_EVERY_MS);
      this.root.querySelector("button").focus();
    } else {
      this.opener.focus();
    }
  }

  async look() {
    const seen = await get("/backstage", { channel: this.store.channelId }).catch(() => null);
    if (seen) this.draw(seen);
  }

  async send(path, value) {
    try {
      this.draw(await post(path, { channel: this.store.channelId, value }));
    } catch (error) {
      complain(error);
    }
  }

  draw(seen) {
    const shape = JSON.stringify(seen.groups);
    if (shape !== this.shape) this.drawLevers(seen.groups);
    this.shape = shape;
    this.calls.replaceChildren(...seen.calls.slice(0, CALLS_SHOWN).map(call));
    this.notes.replaceChildren(...seen.notes.map((text) => el("p", { text })));
  }

  drawLevers(groups) {
    const held = this.body.contains(document.activeElement) ? document.activeElement.dataset.lever : null;
    this.body.replaceChildren(
      ...groups.map((group) =>
        el(
          "section",
          { class: "group-card" },
          el("h3", { text: group.title }),
          group.levers.map((lever) => this.lever(lever)),
        ),
      ),
    );
    if (held) this.body.querySelector(`[data-lever="${CSS.escape(held)}"]`)?.focus();
  }

  lever(lever) {
    const pull = (value) => this.send(`/backstage/levers/${lever.id}`, value);
    const data = { lever: lever.id };
    const words = el(
      "span",
      { class: "lever-words" },
      el("b", { text: lever.label }),
      lever.about && el("small", { text: lever.about }),
    );
    if (lever.kind === "push") {
      return el(
        "button",
        { type: "button", class: "lever", data, on: { click: (event) => this.pushed(event.currentTarget, pull) } },
        words,
        el("span", { class: "push", text: "Do it" }),
      );
    }
    if (lever.kind === "switch") {
      return el(
        "button",
        {
          type: "button",
          role: "switch",
          class: "lever",
          "aria-checked": String(Boolean(lever.value)),
          data,
          on: { click: () => pull(!lever.value) },
        },
        words,
        el("span", { class: "switch", "aria-hidden": "true" }),
      );
    }
    const select = el(
      "select",
      { class: "select", data, "aria-label": lever.label, on: { change: () => pull(select.value) } },
      lever.choices.map((choice) =>
        el("option", { value: choice.value, selected: choice.value === lever.value, text: choice.label }),
      ),
    );
    return el("div", { class: "lever" }, words, select);
  }

  async pushed(button, pull) {
    button.disabled = true;
    await pull();
    button.disabled = false;
  }
}

function call(seen) {
  const answer = seen.status === 0 ? "dropped" : String(seen.status);
  const isBad = seen.status === 0 || seen.status >= 400;
  return el(
    "tr",
    { class: isBad ? "bad" : null },
    el("td", { text: new Date(seen.at).toLocaleTimeString(locale, { timeStyle: "medium" }) }),
    el(
      "td",
      {},
      el("b", { text: seen.method }),
      " ",
      el("span", { class: "path", title: seen.path, text: short(seen.path) }),
    ),
    el("td", {
      text: seen.code ? `${answer} · ${seen.code}` : answer,
      title: seen.fault ? "a fault that was asked for" : null,
    }),
  );
}

// Ids say nothing to people and are all alike.
function short(path) {
  return path.replace(/\d{15,}/g, (id) => `…${id.slice(-4)}`);
}
