// Errors in words, for a while, at the edge of the page.

import { el, icon } from "./dom.js";
import { t } from "./words.js";

const SHOWN_MS = 9000;

/** Show an error; whatever is no refusal of the sandbox is a defect of the page and goes on to the console. */
export function complain(error) {
  say(error.message);
  if (error.status === undefined) throw error;
}

/** Show a sentence. */
export function say(words) {
  const node = el(
    "div",
    { class: "toast" },
    el("span", { text: words }),
    el(
      "button",
      { type: "button", class: "icon-button", "aria-label": t("Close"), on: { click: () => node.remove() } },
      icon("close"),
    ),
  );
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), SHOWN_MS);
}
