"""SQLAlchemy's asyncio package without its sessions, which nobody here opens: they load the whole ORM."""

import importlib
import sys
from types import ModuleType
from typing import Any

_PACKAGE = "sqlalchemy.ext.asyncio"
#: The parts that need the ORM. Everything else of the package is loaded as it stands.
_OF_SESSIONS = ("session", "scoping")


class _Later(ModuleType):
    """Stands where a module would, while the package takes its names from it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


def load_without_orm() -> None:
    """Load the package once; a name of a session's loads what it needs when it is first asked for."""
    if _PACKAGE in sys.modules:
        return
    held = {f"{_PACKAGE}.{part}": _Later(part) for part in _OF_SESSIONS}
    sys.modules.update(held)
    try:
        package = importlib.import_module(_PACKAGE)
    finally:
        for name in held:
            del sys.modules[name]
    origins = {name: value.__name__ for name, value in vars(package).items() if isinstance(value, _Later)}
    for name in origins:
        delattr(package, name)

    def found(name: str) -> Any:
        if name not in origins:
            raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{_PACKAGE}.{origins[name]}"), name)

    vars(package)["__getattr__"] = found
