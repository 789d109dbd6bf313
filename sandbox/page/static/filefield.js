// A field that takes files: by its button (the system's dialog), by drag and drop, or handed over by the page.

import { el, icon, sizeInWords } from "./dom.js";
import { t } from "./words.js";

// What a dialog shows for the groups of file types; a client filters by extension alone.
const GROUPS = {
  audio: "audio/*,.mp3,.m4a,.wav,.ogg,.opus,.flac",
  image: "image/*",
  video: "video/*",
};

export class FileField {
  /**
   * `most` files; `types` as the bot wrote them ("audio", ".txt"); `label` for screen readers; `next` says what gets the
   * focus once files were chosen, or else it stays here, on what takes the first of them away.
   */
  constructor({ most = 1, types = null, label, changed = () => {}, next = null }) {
    this.most = most;
    this.files = [];
    this.changed = changed;
    this.next = next;
    const accept = (types ?? []).map((type) => GROUPS[type] ?? (type.startsWith(".") ? type : `.${type}`)).join(",");
    this.input = el("input", {
      type: "file",
      class: "sr",
      tabindex: "-1",
      accept: accept || null,
      multiple: most > 1,
      "aria-hidden": "true",
      on: { change: () => this.picked() },
    });
    const words = t("choose a file");
    const drop = most > 1 ? t("or drop up to {most} here", { most }) : t("or drop it here");
    this.button = el(
      "button",
      {
        type: "button",
        class: "file-pick",
        "aria-label": `${label}: ${words} ${drop}`,
        on: { click: () => this.input.click() },
      },
      icon("attach"),
      el("span", { text: words }),
      " ",
      el("small", { text: drop }),
    );
    this.list = el("ul", { class: "file-list" });
    this.node = el(
      "div",
      {
        class: "file-field",
        on: {
          dragover: (event) => this.over(event),
          dragleave: () => this.node.classList.remove("over"),
          drop: (event) => this.dropped(event),
        },
      },
      this.input,
      this.button,
      this.list,
    );
  }

  get hasRoom() {
    return this.files.length < this.most;
  }

  picked() {
    this.add([...this.input.files]);
    this.input.value = "";
    (this.next?.() ?? this.list.querySelector("button") ?? this.button).focus();
  }

  /** Take as many as fit; a single file replaces the one before. */
  add(files) {
    this.files = this.most === 1 && files.length ? [files[0]] : [...this.files, ...files].slice(0, this.most);
    this.draw();
  }

  draw() {
    this.list.replaceChildren(
      ...this.files.map((file) =>
        el(
          "li",
          { class: "file-chip" },
          icon("file"),
          el("span", { class: "file-name", text: file.name }),
          el("span", { class: "file-size", text: sizeInWords(file.size) }),
          el(
            "button",
            {
              type: "button",
              class: "icon-button",
              "aria-label": t("Remove {name}", { name: file.name }),
              on: { click: () => this.drop(file) },
            },
            icon("close"),
          ),
        ),
      ),
    );
    this.button.hidden = !this.hasRoom;
    this.changed();
  }

  drop(file) {
    this.files = this.files.filter((one) => one !== file);
    this.draw();
    this.button.focus();
  }

  over(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    this.node.classList.add("over");
  }

  dropped(event) {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    event.stopPropagation();
    this.node.classList.remove("over");
    document.getElementById("drop").hidden = true;
    this.add([...event.dataTransfer.files]);
  }
}
