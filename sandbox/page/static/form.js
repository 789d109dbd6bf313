// Forms the bot opens: a dialog with its fields; what was typed stays until the bot has it.

import { verb } from "./api.js";
import { el, icon } from "./dom.js";
import { formFields } from "./fields.js";
import { complain } from "./toasts.js";
import { Progress } from "./progress.js";
import { t } from "./words.js";

export class Forms {
  constructor(store, names) {
    this.store = store;
    this.names = names;
    this.open = null;
    store.on("modal", (modal) => this.show(modal));
    store.on("modal-closed", (modal) => this.hide(modal.id));
    store.on("place", () => {
      if (this.open && this.open.modal.member_id !== store.memberId) this.hide(this.open.modal.id);
    });
  }

  show(modal) {
    if (this.open?.modal.id === modal.id) return;
    if (this.open) this.dismiss();
    const fields = formFields(modal.components, {
      names: this.names,
      people: () => this.store.state.members.map((one) => [this.store.nameOf(one), one.id]),
      channels: () => this.store.state.channels.filter((one) => one.guild_id).map((one) => [`#${one.name}`, one.id]),
    });
    const error = el("p", { class: "error", role: "alert" });
    const progress = new Progress();
    const go = el("button", { type: "submit", class: "button button-primary" }, t("Submit"));
    const title = el("h2", { id: `title-${modal.id}`, text: modal.title });
    const dialog = el(
      "dialog",
      { class: "form", "aria-labelledby": title.id },
      el(
        "form",
        {
          novalidate: true,
          on: {
            submit: (event) => {
              event.preventDefault();
              this.submit();
            },
          },
        },
        el(
          "header",
          { class: "form-head" },
          title,
          el("span", { class: "form-from", text: t("from {name}", { name: this.store.nameOf(this.store.bot) }) }),
          el(
            "button",
            {
              type: "button",
              class: "icon-button",
              "aria-label": t("Close the form"),
              on: { click: () => this.dismiss() },
            },
            icon("close"),
          ),
        ),
        el(
          "div",
          { class: "form-body" },
          fields.map((field) => field.node),
        ),
        error,
        progress.node,
        el(
          "footer",
          { class: "form-foot" },
          el(
            "button",
            { type: "button", class: "button button-secondary", on: { click: () => this.dismiss() } },
            t("Cancel"),
          ),
          go,
        ),
      ),
    );
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.dismiss();
    });
    this.open = { modal, fields, dialog, error, go, progress, from: document.activeElement };
    document.body.append(dialog);
    dialog.showModal();
    dialog
      .querySelector(".form-body input:not([type=file]), .form-body textarea, .form-body select, .file-pick")
      ?.focus();
  }

  /** Files dropped outside a field go to the first that has room. */
  take(files) {
    this.open?.fields.find((field) => field.picker?.hasRoom)?.picker.add(files);
  }

  async submit() {
    const { modal, fields, error, go, progress } = this.open;
    const filled = fields.filter((field) => field.customId);
    const values = Object.fromEntries(
      filled.filter((field) => field.value).map((field) => [field.customId, field.value()]),
    );
    const files = Object.fromEntries(
      filled.filter((field) => field.files?.().length).map((field) => [field.customId, field.files()]),
    );
    go.disabled = true;
    try {
      const typed = Object.values(values)
        .filter((value) => typeof value === "string" && value)
        .join("\n\n");
      await this.store.interact("submit", { modal: modal.id, values }, files, {
        what: `“${modal.title}”`,
        typed,
        progress: progress.begin(files),
      });
    } catch (refused) {
      error.textContent = refused.message;
      go.disabled = false;
      progress.end();
      if (refused.status === undefined) throw refused;
      return;
    }
    this.hide(modal.id);
  }

  async dismiss() {
    const { modal } = this.open;
    this.hide(modal.id);
    await verb("dismiss", { modal: modal.id }).catch(complain);
  }

  hide(id) {
    if (this.open?.modal.id !== id) return;
    const { dialog, from } = this.open;
    this.open = null;
    dialog.close();
    dialog.remove();
    // what opened it may be gone by now, as a command's own card is
    const back = from?.isConnected && from.offsetParent ? from : document.getElementById("composer-text");
    back.focus();
  }
}
