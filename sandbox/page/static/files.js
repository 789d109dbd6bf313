// Files of a message: a player for sound, the picture for pictures, a link for everything else.

import { el, icon, sizeInWords } from "./dom.js";
import { player } from "./player.js";

const SOUND = /\.(mp3|wav|ogg|opus|m4a|flac)$/i;
const PICTURE = /\.(png|jpe?g|gif|webp|avif)$/i;

/** One attachment. */
export function attachment(file) {
  if ((file.content_type ?? "").startsWith("audio/") || SOUND.test(file.filename)) return player(file);
  if ((file.content_type ?? "").startsWith("image/") || PICTURE.test(file.filename)) {
    return picture(file.url, file.description ?? file.filename);
  }
  return fileLink(file);
}

/** A picture from the sandbox's own file host; one from elsewhere is only named, because nothing leaves the machine. */
export function picture(url, words) {
  if (!isLocal(url))
    return el(
      "a",
      { class: "file", href: url, target: "_blank", rel: "noreferrer noopener" },
      icon("outside"),
      `Picture: ${words}`,
    );
  return el(
    "a",
    { class: "picture", href: url, target: "_blank", rel: "noreferrer noopener" },
    el("img", { src: url, alt: words }),
  );
}

function fileLink(file) {
  return el(
    "a",
    { class: "file", href: file.url, target: "_blank", rel: "noreferrer noopener" },
    icon("file"),
    el("span", { class: "file-name", text: file.filename }),
    el("span", { class: "file-size", text: sizeInWords(file.size) }),
  );
}

function isLocal(url) {
  try {
    return ["127.0.0.1", "localhost"].includes(new URL(url).hostname);
  } catch {
    return false;
  }
}
