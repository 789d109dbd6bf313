// Times in the reader's own zone and language; relative ones count while one looks at them.

import { el } from "./dom.js";
import { locale } from "./words.js";

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
let now = () => Date.now();

/** Keep every relative time true; `clock` gives the sandbox's milliseconds. */
export function startTimes(clock) {
  now = clock;
  setInterval(() => {
    for (const node of document.querySelectorAll("time[data-relative]")) refresh(node);
  }, 1000);
}

/** What stands for `<t:seconds:style>`. */
export function timestamp(seconds, style = "f") {
  const moment = new Date(seconds * 1000);
  if (Number.isNaN(moment.getTime())) return "an impossible date";
  const node = el("time", { datetime: moment.toISOString(), title: format(moment, "F"), class: "stamp" });
  if (style === "R") {
    node.dataset.relative = String(seconds);
    refresh(node);
  } else {
    node.textContent = format(moment, style);
  }
  return node;
}

function refresh(node) {
  const words = inWords(Number(node.dataset.relative) - now() / 1000);
  if (node.textContent !== words) node.textContent = words;
}

function inWords(seconds) {
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size || unit === "second") return relative.format(Math.trunc(seconds / size), unit);
  }
  return "";
}

function format(moment, style) {
  return new Intl.DateTimeFormat(locale, STYLES[style] ?? STYLES.f).format(moment);
}

/** "14:03", with the date when it is not today. */
export function shortTime(milliseconds) {
  const moment = new Date(milliseconds);
  const isToday = moment.toDateString() === new Date(now()).toDateString();
  return format(moment, isToday ? "t" : "s");
}
