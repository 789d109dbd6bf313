// A small menu at a place: arrows, Home and End, Escape, and back to where the focus was.

import { el } from "./dom.js";

let open = null;

/** Show `items` ({label, act, danger, mark}) beside `where` (a point or a rectangle); `from` gets the focus back. */
export function openMenu(items, where, from) {
  close(false);
  const buttons = items.map((item) =>
    el(
      "button",
      {
        type: "button",
        role: "menuitem",
        class: item.danger ? "menu-item danger" : "menu-item",
        tabindex: "-1",
        on: {
          click: () => {
            close(true);
            item.act();
          },
        },
      },
      el("span", { text: item.label }),
      item.mark && el("span", { class: "menu-mark", text: item.mark }),
    ),
  );
  const node = el("div", { class: "menu", role: "menu", on: { keydown: (event) => key(event, buttons) } }, buttons);
  document.querySelector("main").append(node);
  place(node, where);
  open = { node, from };
  buttons[0].focus();
  setTimeout(() => document.addEventListener("pointerdown", outside), 0);
}

function place(node, where) {
  const { width, height } = node.getBoundingClientRect();
  const left = Math.min(where.x ?? where.left, window.innerWidth - width - 8);
  const below = (where.bottom ?? where.y) + 4;
  const top = below + height > window.innerHeight ? Math.max(8, window.innerHeight - height - 8) : below;
  node.style.setProperty("left", `${Math.max(8, left)}px`);
  node.style.setProperty("top", `${top}px`);
}

function key(event, buttons) {
  const at = buttons.indexOf(document.activeElement);
  const to = {
    ArrowDown: (at + 1) % buttons.length,
    ArrowUp: (at - 1 + buttons.length) % buttons.length,
    Home: 0,
    End: buttons.length - 1,
  }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    buttons[to].focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    close(true);
  }
}

function outside(event) {
  if (open && !open.node.contains(event.target)) close(false);
}

function close(giveBack) {
  if (!open) return;
  document.removeEventListener("pointerdown", outside);
  open.node.remove();
  const { from } = open;
  open = null;
  if (giveBack) from?.focus();
}
