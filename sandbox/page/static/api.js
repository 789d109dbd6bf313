// Speaks to the sandbox's control API; what it refuses comes as an error whose message is for people.

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

async function request(method, path, body) {
  try {
    return await asked(method, path, body);
  } catch (refused) {
    if (refused.body?.refused_by !== "token") throw refused;
    known = null; // nothing was done: it is asked once more
    return asked(method, path, body);
  }
}

async function asked(method, path, body) {
  const isForm = body instanceof FormData;
  return answerOf(path, {
    method,
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
    throw new RefusedError(0, { error: "The sandbox does not answer; is it still running?" });
  }
  const read = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new RefusedError(answer.status, read);
  return read;
}

/** GET, as JSON; `query` without the keys that are undefined. */
export function get(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return request("GET", given.length ? `${path}?${new URLSearchParams(given)}` : path);
}

export function post(path, body = {}) {
  return request("POST", path, body);
}

/** Something a member does; `files` maps names of options or fields to a File or a list of them. */
export function verb(name, given, files = {}) {
  const parts = Object.entries(files).flatMap(([key, value]) => [value].flat().map((file) => [key, file]));
  if (!parts.length) return post(`/sandbox/verbs/${name}`, given);
  const form = new FormData();
  form.append("payload_json", JSON.stringify(given));
  for (const [key, file] of parts) form.append(key, file, file.name);
  return post(`/sandbox/verbs/${name}`, form);
}
