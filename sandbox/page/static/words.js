// The page's own words, in English and in German: the browser's language, or the one that was chosen here.

const KEPT = "sandbox-language";
const LANGUAGES = { en: "English", de: "Deutsch" };

/** What there is to choose from: code and name. */
export const languages = Object.entries(LANGUAGES);

/** "en" or "de". */
export const language = chosen() ?? fromBrowser();

/** For dates and numbers: as exact as the browser says it ("en-GB"), in the language of the page. */
export const locale = (navigator.languages ?? []).find((one) => one.split("-")[0] === language) ?? language;

/** As Discord names it, for what the bot is told of the member. */
export const memberLocale = { de: "de", en: locale === "en-GB" ? "en-GB" : "en-US" }[language];

document.documentElement.lang = language;

/** Take another language, from the next loading on. */
export function choose(code) {
  try {
    localStorage.setItem(KEPT, code);
  } catch {
    // a browser that keeps nothing has the address
  }
  const query = new URLSearchParams(location.search);
  query.set("language", code);
  location.search = query.toString(); // loads anew; the place behind the # stays
}

/** A text in the page's language; `{name}` stands for a value. */
export function t(english, values = {}) {
  const words = language === "de" ? (GERMAN[english] ?? english) : english;
  return words.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

function chosen() {
  const asked = new URLSearchParams(location.search).get("language");
  if (Object.hasOwn(LANGUAGES, asked)) return asked;
  try {
    const kept = localStorage.getItem(KEPT);
    return Object.hasOwn(LANGUAGES, kept) ? kept : null;
  } catch {
    return null;
  }
}

function fromBrowser() {
  const wanted = (navigator.languages ?? [navigator.language]).map((one) => one.split("-")[0]);
  return wanted.find((one) => Object.hasOwn(LANGUAGES, one)) ?? "en";
}

const GERMAN = {
  Upload: "Hochladen",
  "{count} files": "{count} Dateien",
  "Sent; waiting for the answer…": "Gesendet, warte auf die Antwort …",
  "Sending {what} … {sent} of {all}": "{what} wird gesendet … {sent} von {all}",
  "Skip to the message box": "Zum Nachrichtenfeld springen",
  Message: "Nachricht",
  Messages: "Nachrichten",
  Channel: "Kanal",
  Channels: "Kanäle",
  Commands: "Befehle",
  Command: "Befehl",
  "Send message": "Nachricht senden",
  Send: "Senden",
  "Add files": "Dateien hinzufügen",
  "Message {name}, or /": "Nachricht an {name} oder /",
  "No command begins like this.": "Kein Befehl beginnt so.",
  "The bot has registered no commands here.": "Der Bot hat hier keine Befehle.",
  "Leave the command": "Befehl verlassen",
  " sends, ": " sendet, ",
  " makes a new line": " beginnt eine neue Zeile",
  required: "nötig",
  "Leave out {name}": "{name} weglassen",
  "Choose…": "Auswählen …",
  True: "Ja",
  False: "Nein",
  "choose a file": "Datei auswählen",
  "or drop up to {most} here": "oder bis zu {most} hierher ziehen",
  "or drop it here": "oder hierher ziehen",
  "Remove {name}": "{name} entfernen",
  "Drop the file to add it": "Loslassen, um die Datei hinzuzufügen",
  Submit: "Absenden",
  Cancel: "Abbrechen",
  "from {name}": "von {name}",
  "Close the form": "Formular schließen",
  Close: "Schließen",
  Faults: "Störungen",
  "Channels and people": "Kanäle und Leute",
  "Places and people": "Kanäle und Leute",
  "Close the list of channels": "Kanalliste schließen",
  "{name} is online": "{name} ist online",
  "{name} is offline": "{name} ist offline",
  "The sandbox is away; trying again…": "Keine Verbindung zur Sandbox, neuer Versuch …",
  "{name} is typing…": "{name} schreibt …",
  "{name} is thinking…": "{name} denkt nach …",
  "Plays a chat service on this machine. It is not Discord, and nothing leaves here.":
    "Spielt einen Chatdienst auf diesem Rechner. Das ist nicht Discord, und nichts verlässt ihn.",
  " without the bot": " ohne den Bot",
  "Direct messages": "Direktnachrichten",
  unread: "ungelesen",
  "You are": "Du bist",
  Language: "Sprache",
  "Direct messages with {name}, on this machine alone.": "Direktnachrichten mit {name}, nur auf diesem Rechner.",
  "The channel begins here. Nothing of it leaves this machine.":
    "Hier beginnt der Kanal. Nichts davon verlässt diesen Rechner.",
  "Type {key} for the bot’s commands, or drop a file to send it.":
    "Tippe {key} für die Befehle des Bots, oder zieh eine Datei hierher, um sie zu senden.",
  app: "App",
  "(edited)": "(bearbeitet)",
  "Actions for the message of {name}": "Aktionen für die Nachricht von {name}",
  "Only you can see this · ": "Nur du siehst das · ",
  Dismiss: "Ausblenden",
  "Try again": "Noch einmal versuchen",
  "What you had typed": "Was du getippt hattest",
  "The message was deleted": "Die Nachricht wurde gelöscht",
  " used ": " nutzt ",
  "Start a thread": "Thread beginnen",
  "Copy text": "Text kopieren",
  "Delete message": "Nachricht löschen",
  "{bot} did not answer {what} in time.": "{bot} hat auf {what} nicht rechtzeitig geantwortet.",
  "That place does not exist here, or you do not see it.": "Diesen Ort gibt es hier nicht, oder du siehst ihn nicht.",
  "The sandbox does not answer; is it still running?": "Die Sandbox antwortet nicht. Läuft sie noch?",
  Play: "Abspielen",
  Pause: "Anhalten",
  Position: "Stelle",
  "Sound: {name}": "Ton: {name}",
  "Open {name}": "{name} öffnen",
  "cannot be played": "lässt sich nicht abspielen",
  "{at} of {length}": "{at} von {length}",
  "Waveform of {name}": "Wellenform von {name}",
  "Waveform of {name}, {length}: {course}; loudest at {top}":
    "Wellenform von {name}, {length}: {course}; am lautesten bei {top}",
  "{level} at the beginning": "{level} am Anfang",
  "{level} in the middle": "{level} in der Mitte",
  "{level} at the end": "{level} am Ende",
  loud: "laut",
  medium: "mittel",
  quiet: "leise",
};
