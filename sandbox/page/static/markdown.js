// The chat's markdown as DOM nodes. It knows a subset and shows everything else as the text it is.

import { el } from "./dom.js";
import { timestamp } from "./time.js";

// Order matters: what stands first wins at the same place.
const INLINE = [
  ["escape", /^\\([\\`*_~|>#\-[\]()<@:])/],
  ["code", /^(`{1,2})(.+?)\1(?!`)/s],
  ["time", /^<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/],
  ["user", /^<@!?(\d+)>/],
  ["role", /^<@&(\d+)>/],
  ["place", /^<#(\d+)>/],
  ["command", /^<\/([-\w\s]+):\d+>/],
  ["emoji", /^<a?:(\w+):\d+>/],
  ["angled", /^<(https?:\/\/[^\s<>]+)>/],
  ["link", /^\[([^\]\n]+)\]\(<?(https?:\/\/[^\s()<>]+)>?\)/],
  ["url", /^https?:\/\/[^\s<>]*[^\s<>.,;:!?'")\]*_~|]/],
  ["strong", /^\*\*(.+?)\*\*(?!\*)/s],
  ["under", /^__(.+?)__(?!_)/s],
  ["emphasis", /^\*(?![\s*])(.+?)(?<![\s*])\*(?!\*)/s],
  ["emphasis", /^_(?![\s_])(.+?)(?<![\s_])_(?![\w_])/s],
  ["strike", /^~~(.+?)~~/s],
  ["spoiler", /^\|\|(.+?)\|\|/s],
  ["everyone", /^@(everyone|here)\b/],
];
const STARTS = /[\\`<[h*_~|@]/;
const CODE_BLOCK = /^```(?:([\w+#-]{1,20})\n)?\n?(.*?)\n?```\n?/s;

/** Nodes for a text. `names` resolves mentions: `user(id)`, `place(id)`, `jump(url)`. */
export function markdown(text, names) {
  const found = [];
  let rest = text.replace(/\r\n?/g, "\n");
  while (rest) {
    const [node, length] = block(rest, names);
    found.push(node);
    rest = rest.slice(length);
  }
  return found;
}

function block(text, names) {
  const code = CODE_BLOCK.exec(text);
  if (code) return [el("pre", {}, el("code", { text: code[2] })), code[0].length];
  if (text.startsWith(">>> ")) return [el("blockquote", {}, markdown(text.slice(4), names)), text.length];
  const quote = /^(?:> ?[^\n]*(?:\n|$))+/.exec(text);
  if (quote && text.startsWith("> ")) {
    return [el("blockquote", {}, markdown(quote[0].replace(/^> ?/gm, "").replace(/\n$/, ""), names)), quote[0].length];
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

function inline(text, names) {
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const hit = STARTS.test(text[at]) ? match(text, at) : null;
    if (!hit) {
      plain += text[at];
      at += 1;
      continue;
    }
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(render(hit.kind, hit.parts, names));
    at += hit.parts[0].length;
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function match(text, at) {
  const rest = text.slice(at);
  for (const [kind, pattern] of INLINE) {
    const parts = pattern.exec(rest);
    // snake_case and 2*3*4 are no emphasis in the middle of a word
    if (parts && !(rest[0] === "_" && kind === "emphasis" && /\w/.test(text[at - 1] ?? ""))) return { kind, parts };
  }
  return null;
}

function render(kind, parts, names) {
  switch (kind) {
    case "escape":
      return parts[1];
    case "code":
      return el("code", { text: parts[2] });
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
      return spoiler(inline(parts[1], names));
    default:
      return el({ strong: "strong", under: "u", emphasis: "em", strike: "s" }[kind], {}, inline(parts[1], names));
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
