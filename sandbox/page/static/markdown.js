// The chat's markdown as DOM nodes. It knows a subset and shows everything else as the text it is.

import { el } from "./dom.js";
import { timestamp } from "./time.js";

// Kind, how it begins, and how it ends where that may be far away; what stands first wins at the same place. A text may
// be made to be slow: therefore an end that was not found is not looked for again.
const INLINE = [
  ["escape", /\\([\\`*_~|>#\-[\]()<@:])/y],
  ["code", /``/y, /``(?!`)/g],
  ["code", /`/y, /`(?!`)/g],
  ["time", /<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/y],
  ["user", /<@!?(\d+)>/y],
  ["role", /<@&(\d+)>/y],
  ["place", /<#(\d+)>/y],
  ["command", /<\/([-\w\s]+):\d+>/y],
  ["emoji", /<a?:(\w+):\d+>/y],
  ["angled", /<(https?:\/\/[^\s<>]+)>/y],
  ["link", /\[([^[\]\n]+)\]\(<?(https?:\/\/[^\s()<>]+)>?\)/y],
  ["url", /https?:\/\/[^\s<>]*[^\s<>.,;:!?'")\]*_~|]/y],
  ["strong", /\*\*/y, /\*\*(?!\*)/g],
  ["under", /__/y, /__(?!_)/g],
  ["emphasis", /\*(?![\s*])/y, /(?<![\s*])\*(?!\*)/g],
  // snake_case is no emphasis
  ["emphasis", /(?<!\w)_(?![\s_])/y, /(?<![\s_])_(?![\w_])/g],
  ["strike", /~~/y, /~~/g],
  ["spoiler", /\|\|/y, /\|\|/g],
  ["everyone", /@(everyone|here)\b/y],
];
const SPANS = { strong: "strong", under: "u", emphasis: "em", strike: "s" };
const STARTS = /[\\`<[h*_~|@]/;
const CODE_BLOCK = /^```(?:([\w+#-]{1,20})\n)?\n?(.*?)\n?```\n?/s;

/** Nodes for a text. `names` resolves mentions: `user(id)`, `place(id)`, `jump(url)`. */
export function markdown(text, names) {
  return blocks(text.replace(/\r\n?/g, "\n"), names, false);
}

function blocks(text, names, quoted) {
  const found = [];
  let rest = text;
  while (rest) {
    const [node, length] = block(rest, names, quoted);
    found.push(node);
    rest = rest.slice(length);
  }
  return found;
}

// As in Discord, a quotation within a quotation is text.
function block(text, names, quoted) {
  const code = CODE_BLOCK.exec(text);
  if (code) return [el("pre", {}, el("code", { text: code[2] })), code[0].length];
  if (!quoted && text.startsWith(">>> ")) {
    return [el("blockquote", {}, blocks(text.slice(4), names, true)), text.length];
  }
  if (!quoted && text.startsWith("> ")) {
    const quote = /^(?:>[^\n]*(?:\n|$))+/.exec(text)[0];
    return [el("blockquote", {}, blocks(quote.replace(/^> ?/gm, "").replace(/\n$/, ""), names, true)), quote.length];
  }
  const heading = /^(#{1,3}|-#) ([^\n]+)(?:\n|$)/.exec(text);
  if (heading) {
    const kind = heading[1] === "-#" ? "md-small" : `md-h${heading[1].length}`;
    return [el("div", { class: kind }, inline(heading[2], names)), heading[0].length];
  }
  const list = /^(?:(?:[-*]|\d+\.) [^\n]+(?:\n|$))+/.exec(text);
  if (list) return [listOf(list[0], names), list[0].length];
  return paragraph(text, names);
}

function listOf(text, names) {
  const numbered = /^\d/.test(text);
  const items = text
    .trimEnd()
    .split("\n")
    .map((line) => el("li", {}, inline(line.replace(/^(?:[-*]|\d+\.) /, ""), names)));
  return el(numbered ? "ol" : "ul", numbered ? { start: parseInt(text, 10) } : {}, items);
}

// Up to the next line that begins something else; the line break before it is not shown twice.
function paragraph(text, names) {
  const next = /\n(?=```|> |>>> |#{1,3} |-# |[-*] |\d+\. )|(?<=.)(?=```[^`]*```)/s.exec(text);
  const end = next ? next.index : text.length;
  const length = next && text[end] === "\n" ? end + 1 : end;
  return [el("div", { class: "md-text" }, inline(text.slice(0, end), names)), Math.max(length, 1)];
}

// `taken` are the ends that the spans around this text wait for: none stands within its own kind.
function inline(text, names, taken = []) {
  const nodes = [];
  const endless = new Set(taken);
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const hit = STARTS.test(text[at]) ? match(text, at, endless) : null;
    if (!hit) {
      plain += text[at];
      at += 1;
      continue;
    }
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(render(hit.kind, hit.parts, names, hit.ends ? [...taken, hit.ends] : taken));
    at = hit.end;
  }
  if (plain) nodes.push(plain);
  return nodes;
}

// `endless` holds the ends that are not to be looked for: they are taken, or do not occur any more.
function match(text, at, endless) {
  for (const [kind, begins, ends] of INLINE) {
    begins.lastIndex = at;
    const parts = endless.has(ends) ? null : begins.exec(text);
    if (!parts) continue;
    const inside = begins.lastIndex;
    if (!ends) return { kind, parts, end: inside };
    ends.lastIndex = inside + 1; // nothing is no content
    const end = ends.exec(text);
    if (end) return { kind, parts: [null, text.slice(inside, end.index)], end: ends.lastIndex, ends };
    endless.add(ends);
  }
  return null;
}

function render(kind, parts, names, taken) {
  switch (kind) {
    case "escape":
      return parts[1];
    case "code":
      return el("code", { text: parts[1] });
    case "time":
      return timestamp(Number(parts[1]), parts[2]);
    case "user":
      return mention(`@${names.user(parts[1])}`);
    case "role":
      return mention("@role");
    case "place":
      return mention(`#${names.place(parts[1])}`);
    case "command":
      return mention(`/${parts[1]}`);
    case "everyone":
      return mention(`@${parts[1]}`);
    case "emoji":
      return `:${parts[1]}:`;
    case "angled":
      return link(parts[1], parts[1], names);
    case "link":
      return link(parts[2], parts[1], names);
    case "url":
      return link(parts[0], parts[0], names);
    case "spoiler":
      return spoiler(inline(parts[1], names, taken));
    default:
      return el(SPANS[kind], {}, inline(parts[1], names, taken));
  }
}

function mention(words) {
  return el("span", { class: "mention", text: words });
}

/** A link to another place in this sandbox jumps there; every other opens outside, without a word on where from. */
export function link(url, words, names) {
  const jump = names.jump(url);
  if (jump) {
    const label = words === url ? jump.words : words;
    return el("a", {
      href: "#",
      class: "jump",
      on: {
        click: (event) => {
          event.preventDefault();
          jump.go();
        },
      },
      text: label,
    });
  }
  return el("a", { href: url, target: "_blank", rel: "noreferrer noopener", text: words });
}

function spoiler(children) {
  const node = el(
    "span",
    { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Spoiler, press to show" },
    children,
  );
  const show = () => {
    node.classList.add("shown");
    node.removeAttribute("role");
    node.removeAttribute("aria-label");
  };
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") show();
  });
  return node;
}
