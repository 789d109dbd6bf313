// Builds elements from data. Text is only ever set as text: nothing here, or anywhere in the page, parses HTML.

/** An element. `props`: `class`, `text`, `on` (listeners), `data`; all others are attributes (false, null: none). */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "on")
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name in node && typeof value === "boolean") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...given(children));
  return node;
}

/** Give an element other children, as `el` takes them. */
export function fill(node, ...children) {
  node.replaceChildren(...given(children));
}

// Lists are laid flat; null, undefined and false are no child. (The DOM itself would write them out as words.)
function given(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  attach: "M12 5v14M5 12h14",
  send: "M5 12h13M13 6l6 6-6 6",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  play: "M8 5.5v13l11-6.5z",
  pause: "M8 5v14M16 5v14",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  reply: "M9 7L4 12l5 5M4 12h9a7 7 0 0 1 7 6",
  eye: "M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zM12 12m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0",
  levers: "M6 4v16M12 4v16M18 4v16M4 9h4M10 15h4M16 8h4",
  outside: "M10 6H6v12h12v-4M13 5h6v6M19 5l-9 9",
  hash: "M9 4L7 20M17 4l-2 16M4 9h16M4 15h16",
  person: "M12 11a3.5 3.5 0 1 0 0-7a3.5 3.5 0 0 0 0 7zM5 20c.6-4 3.4-6 7-6s6.400 2 7 6",
  thread: "M6 4v9a4 4 0 0 0 4 4h9M15 13l4 4-4 4",
};

/** A line drawing of this page's own; decorative, so hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** "26 kB" */
export function sizeInWords(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** "3:07" */
export function clockTime(seconds) {
  if (!Number.isFinite(seconds)) return "–:––";
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A coloured circle with initials. */
export function avatar(person, name) {
  const initials = name
    .split(/\s+/)
    .map((word) => word[0])
    .slice(0, 2)
    .join("")
    .toUpperCase();
  const node = el("span", {
    class: person.bot ? "avatar avatar-bot" : "avatar",
    "aria-hidden": "true",
    text: initials,
  });
  // ids of seeded people are neighbours: the golden angle sets them apart
  node.style.setProperty("--hue", String((Number(BigInt(person.id) % 997n) * 137.5) % 360));
  return node;
}

let lastId = 0;
/** A document-wide id for labels and lists. */
export function freshId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}
