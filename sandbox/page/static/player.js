// A player for sound files: play, seek, time, a drawing of the sound. One plays at a time.

import { clockTime, el, icon, sizeInWords } from "./dom.js";
import { t } from "./words.js";

const BARS = 96;
const MAX_DRAWN_BYTES = 40_000_000;
const players = new Map(); // attachment id -> element, so that an edit of its message does not interrupt it

/** The player of an attachment; the same element as long as the page lives. */
export function player(file) {
  if (!players.has(file.id)) players.set(file.id, build(file));
  return players.get(file.id);
}

/** Stop the sound of a message that is gone. */
export function silence(files) {
  for (const file of files) {
    players.get(file.id)?.querySelector("audio").pause();
    players.delete(file.id);
  }
}

function build(file) {
  const sound = el("audio", { preload: "metadata", src: file.url });
  const toggle = el("button", { type: "button", class: "player-toggle", "aria-label": t("Play") }, icon("play"));
  const seek = el("input", {
    type: "range",
    class: "player-seek",
    min: "0",
    max: "1",
    step: "0.01",
    value: "0",
    "aria-label": t("Position"),
  });
  const time = el("span", { class: "player-time", text: "0:00 / –:––" });
  const wave = el("canvas", {
    class: "player-wave",
    role: "img",
    "aria-label": t("Waveform of {name}", { name: file.filename }),
  });
  const words = el("span", { class: "player-name", text: file.filename });
  const node = el(
    "div",
    { class: "player", role: "group", "aria-label": t("Sound: {name}", { name: file.filename }), data: { file: file.id } },
    sound,
    toggle,
    el(
      "div",
      { class: "player-body" },
      el("div", { class: "player-line" }, words, el("span", { class: "player-size", text: sizeInWords(file.size) })),
      el("div", { class: "player-bar" }, wave, seek),
    ),
    time,
    el(
      "a",
      {
        class: "icon-button",
        href: file.url,
        target: "_blank",
        rel: "noreferrer noopener",
        "aria-label": t("Open {name}", { name: file.filename }),
      },
      icon("download"),
    ),
  );
  const levels = { values: null };
  wire({ node, sound, toggle, seek, time, wave, levels });
  drawSoon({ file, wave, sound, levels });
  return node;
}

function wire({ node, sound, toggle, seek, time, wave, levels }) {
  const show = () => {
    const length = sound.duration;
    seek.max = String(Number.isFinite(length) ? length : 1);
    seek.value = String(sound.currentTime);
    seek.setAttribute("aria-valuetext", t("{at} of {length}", { at: clockTime(sound.currentTime), length: clockTime(length) }));
    time.textContent = `${clockTime(sound.currentTime)} / ${clockTime(length)}`;
    draw(wave, levels.values, length ? sound.currentTime / length : 0);
  };
  const face = () => {
    toggle.replaceChildren(icon(sound.paused ? "play" : "pause"));
    toggle.setAttribute("aria-label", t(sound.paused ? "Play" : "Pause"));
    node.classList.toggle("playing", !sound.paused);
  };
  toggle.addEventListener("click", () => (sound.paused ? start(node, sound) : sound.pause()));
  seek.addEventListener("input", () => {
    sound.currentTime = Number(seek.value);
  });
  for (const event of ["loadedmetadata", "timeupdate", "seeked"]) sound.addEventListener(event, show);
  for (const event of ["play", "pause", "ended"]) sound.addEventListener(event, face);
  sound.addEventListener("error", () => broken(node, toggle, seek, time));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  new ResizeObserver(show).observe(wave);
}

function start(node, sound) {
  for (const other of players.values()) if (other !== node) other.querySelector("audio").pause();
  sound.play().catch(() => {}); // the error event says it
}

function broken(node, toggle, seek, time) {
  node.classList.add("broken");
  toggle.disabled = true;
  seek.disabled = true;
  time.textContent = t("cannot be played");
}

// Decoding happens in the browser, once, and only when the player comes into view.
function drawSoon({ file, wave, sound, levels }) {
  if (file.size > MAX_DRAWN_BYTES) return;
  const seen = new IntersectionObserver(async (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    Object.assign(levels, await levelsOf(file.url));
    if (levels.values) wave.setAttribute("aria-label", inWords(file.filename, levels));
    draw(wave, levels.values, sound.duration ? sound.currentTime / sound.duration : 0);
  });
  seen.observe(wave);
}

async function levelsOf(url) {
  try {
    const answer = await fetch(url);
    if (!answer.ok) return {};
    const decoded = await new OfflineAudioContext(1, 1, 22050).decodeAudioData(await answer.arrayBuffer());
    return { values: loudness(decoded.getChannelData(0)), seconds: decoded.duration };
  } catch {
    return {}; // no drawing; whether it plays is the player's matter
  }
}

function loudness(samples) {
  const per = Math.max(1, Math.floor(samples.length / BARS));
  const found = Array.from({ length: BARS }, (_, bar) => {
    let energy = 0;
    for (let index = bar * per; index < (bar + 1) * per; index += 4) energy += (samples[index] ?? 0) ** 2;
    return Math.sqrt(energy);
  });
  const top = Math.max(...found, 1e-6);
  return found.map((value) => value / top);
}

// What the drawing shows: how loud each third is beside the loudest, and where that is.
function inWords(name, { values, seconds }) {
  const third = values.length / 3;
  const means = [0, 1, 2].map((part) => {
    const some = values.slice(Math.round(part * third), Math.round((part + 1) * third));
    return some.reduce((sum, value) => sum + value, 0) / some.length;
  });
  const top = Math.max(...means);
  const level = (mean) => t(mean > top * 0.8 ? "loud" : mean > top * 0.45 ? "medium" : "quiet");
  const places = ["{level} at the beginning", "{level} in the middle", "{level} at the end"];
  const course = places.map((place, part) => t(place, { level: level(means[part]) })).join(", ");
  const loudest = (values.indexOf(Math.max(...values)) / values.length) * seconds;
  const given = { name, course, length: clockTime(seconds), top: clockTime(loudest) };
  return t("Waveform of {name}, {length}: {course}; loudest at {top}", given);
}

function draw(canvas, values, played) {
  const scale = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width) return;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const colours = [style.getPropertyValue("--wave-played"), style.getPropertyValue("--wave-rest")];
  const step = width / BARS;
  for (let bar = 0; bar < BARS; bar += 1) {
    const tall = Math.max(2, (values?.[bar] ?? 0.06) * height);
    pen.fillStyle = colours[bar / BARS < played ? 0 : 1];
    pen.fillRect(bar * step, (height - tall) / 2, Math.max(1, step - 1.5), tall);
  }
}
