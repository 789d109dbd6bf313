"""`python -m sandbox demo | up | generation | discord | sketch`: the stand-ins, alone or together."""

import importlib
import io
import sys

#: Each is a module with `main(arguments) -> exit code`, imported only when it is asked for.
_COMMANDS = {
    "demo": ("sandbox.demo", "one member, one song, and the track that comes of it"),
    "up": ("sandbox.up", "Discord, music API and bot, until Ctrl-C"),
    "generation": ("sandbox.generation.__main__", "the music API alone, for a real bot"),
    "discord": ("sandbox.discord.__main__", "the Discord alone, with its control API"),
    "sketch": ("sandbox.sketch.__main__", "one song, offline: REFERENCE LYRICS OUT"),
}


def main(arguments: list[str]) -> int:
    """Hand over to the command; its exit code."""
    if not arguments or arguments[0] not in _COMMANDS:
        print("usage: python -m sandbox COMMAND ...\n", file=sys.stderr)
        for name, (_, words) in _COMMANDS.items():
            print(f"  {name:<12}{words}", file=sys.stderr)
        return 2
    for stream in (sys.stdout, sys.stderr):  # a console that is not UTF-8 shows what it can
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    module = importlib.import_module(_COMMANDS[arguments[0]][0])
    return int(module.main(arguments[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
