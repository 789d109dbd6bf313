// The commands a bot registered, as a flat list: sub-commands are what one really types.

import { memberLocale } from "./words.js";

const [SUBCOMMAND, GROUP] = [1, 2];
const CHAT_INPUT = 1;

/** What a command or an option says of itself, in the member's language where the bot gave it. */
export function described(thing) {
  return thing.description_localizations?.[memberLocale] ?? thing.description;
}

/** {name: "notes list", description, options} for everything that can be typed. */
export function typed(commands) {
  return commands.filter((command) => command.type === CHAT_INPUT).flatMap((command) => below(command, command.name));
}

function below(node, name) {
  const inside = (node.options ?? []).filter((option) => option.type === SUBCOMMAND || option.type === GROUP);
  if (!inside.length) return [{ name, description: described(node), options: node.options ?? [] }];
  return inside.flatMap((option) => below(option, `${name} ${option.name}`));
}

/** Those that fit what was typed after the slash, the ones that begin so first. */
export function matching(commands, words) {
  const wanted = words.trim().toLowerCase();
  const fits = commands.filter((command) => command.name.includes(wanted));
  return fits.sort((one, other) => rank(one, wanted) - rank(other, wanted));
}

function rank(command, wanted) {
  return command.name.startsWith(wanted) ? 0 : 1;
}
