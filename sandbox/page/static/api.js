// Speaks to the sandbox's control API; what it refuses comes as an error whose message is for people.

import { t } from "./words.js";

const MAX_LOOK_MS = 8000; // a line that is cut answers nothing at all

export class RefusedError extends Error {
  constructor(status, body) {
    super(sentence(body.error ?? `The sandbox answered ${status}.`));
    this.status = status;
    this.body = body;
  }
}

function sentence(words) {
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

let known = null; // the token, which is another one whenever the sandbox was started again

/** What shows the sandbox that it is this page that asks. */
export function token() {
  known ??= answerOf("/token").then(
    (read) => read.token,
    (refused) => {
      known = null;
      throw refused;
    },
  );
  return known;
}

async function request(method, path, body, progress) {
  try {
    return await asked(method, path, body, progress);
  } catch (refused) {
    if (refused.body?.refused_by !== "token") throw refused;
    known = null; // nothing was done: it is asked once more
    return asked(method, path, body, progress);
  }
}

async function asked(method, path, body, progress) {
  const isForm = body instanceof FormData;
  if (progress) return uploaded(path, body, progress);
  return answerOf(path, {
    method,
    signal: method === "GET" ? AbortSignal.timeout(MAX_LOOK_MS) : undefined,
    body: body === undefined || isForm ? body : JSON.stringify(body),
    headers: {
      "X-Sandbox-Token": await token(),
      ...(body === undefined || isForm ? {} : { "Content-Type": "application/json" }),
    },
  });
}

async function answerOf(path, details) {
  let answer;
  try {
    answer = await fetch(path, details);
  } catch {
    throw unanswered();
  }
  const read = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new RefusedError(answer.status, read);
  return read;
}

function unanswered() {
  window.dispatchEvent(new Event("sandbox-unanswered")); // whoever shows the connection looks at it
  return new RefusedError(0, { error: t("The sandbox does not answer; is it still running?") });
}

/** Send files, telling `progress(sent, all)` in bytes: fetch cannot. */
async function uploaded(path, form, progress) {
  const shown = await token();
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", path);
    sending.setRequestHeader("X-Sandbox-Token", shown);
    sending.responseType = "json";
    sending.upload.addEventListener("progress", (event) => progress(event.loaded, event.total));
    sending.addEventListener("error", () => reject(unanswered()));
    sending.addEventListener("load", () => {
      if (sending.status < 300) resolve(sending.response ?? {});
      else reject(new RefusedError(sending.status, sending.response ?? {}));
    });
    sending.send(form);
  });
}

/** GET, as JSON; `query` without the keys that are undefined. */
export function get(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return request("GET", given.length ? `${path}?${new URLSearchParams(given)}` : path);
}

export function post(path, body = {}, progress = null) {
  return request("POST", path, body, progress);
}

/** Something a member does; `files` maps names of options or fields to a File or a list of them, `progress` is told. */
export function verb(name, given, files = {}, progress = null) {
  const parts = Object.entries(files).flatMap(([key, value]) => [value].flat().map((file) => [key, file]));
  if (!parts.length) return post(`/sandbox/verbs/${name}`, given);
  const form = new FormData();
  form.append("payload_json", JSON.stringify(given));
  for (const [key, file] of parts) form.append(key, file, file.name);
  return post(`/sandbox/verbs/${name}`, form, progress);
}
