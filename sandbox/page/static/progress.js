// How far an upload is, in a bar and in words: on a slow line it is all one sees for a while.

import { el, sizeInWords } from "./dom.js";
import { t } from "./words.js";

export class Progress {
  /** `node` is hidden while nothing is on its way. */
  constructor() {
    this.bar = el("progress", { class: "progress-bar", max: "1", "aria-label": t("Upload") });
    this.words = el("span", { class: "progress-words" });
    this.node = el("div", { class: "progress", hidden: true }, this.words, this.bar);
  }

  /** Begin to show what is sent; files that are none need no bar. Gives what is told `(sent, all)` in bytes. */
  begin(files) {
    const given = Object.values(files).flat();
    if (!given.length) return null;
    const what = given.length === 1 ? given[0].name : t("{count} files", { count: given.length });
    const show = (sent, all) => {
      this.bar.value = all ? sent / all : 0;
      const isThere = all > 0 && sent >= all;
      this.words.textContent = isThere
        ? t("Sent; waiting for the answer…")
        : t("Sending {what} … {sent} of {all}", { what, sent: sizeInWords(sent), all: sizeInWords(all) });
    };
    show(0, given.reduce((sum, file) => sum + file.size, 0));
    this.node.hidden = false;
    return show;
  }

  end() {
    this.node.hidden = true;
  }
}
