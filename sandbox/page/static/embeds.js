// Embeds: a card with a colour bar.

import { el } from "./dom.js";
import { picture } from "./files.js";
import { link, markdown } from "./markdown.js";
import { timestamp } from "./time.js";

/** One embed; `files` are the attachments of its message, whose own words describe the pictures. */
export function embed(data, names, files = []) {
  const node = el(
    "div",
    { class: "embed" },
    data.author?.name && el("div", { class: "embed-author", text: data.author.name }),
    data.title &&
      el("div", { class: "embed-title" }, data.url ? link(data.url, data.title, names) : markdown(data.title, names)),
    data.description && el("div", { class: "embed-text" }, markdown(data.description, names)),
    data.fields?.length &&
      el(
        "div",
        { class: "embed-fields" },
        data.fields.map((field) => one(field, names)),
      ),
    data.image?.url && picture(data.image.url, words(data.image.url, files) ?? `image: ${data.title ?? ""}`),
    data.thumbnail?.url && el("div", { class: "embed-thumb" }, picture(data.thumbnail.url, words(data.thumbnail.url, files) ?? "thumbnail")),
    foot(data),
  );
  if (Number.isInteger(data.color)) node.style.setProperty("--bar", `#${data.color.toString(16).padStart(6, "0")}`);
  return node;
}

function one(field, names) {
  return el(
    "div",
    { class: field.inline ? "embed-field inline" : "embed-field" },
    el("div", { class: "embed-name" }, markdown(field.name, names)),
    el("div", {}, markdown(field.value, names)),
  );
}

function foot(data) {
  const parts = [data.footer?.text, data.timestamp && timestamp(Date.parse(data.timestamp) / 1000, "f")].filter(
    Boolean,
  );
  if (!parts.length) return null;
  return el(
    "div",
    { class: "embed-foot" },
    parts.flatMap((part, index) => (index ? [" · ", part] : [part])),
  );
}

function words(url, files) {
  return files.find((file) => file.url.split("?")[0] === url.split("?")[0])?.description;
}
