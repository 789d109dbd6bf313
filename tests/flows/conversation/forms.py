"""What a member sees of a form."""

from typing import Any

from sandbox.discord import Modal


def fields_of(form: Modal) -> dict[str, dict[str, Any]]:
    """The fields by custom_id, each with its label's texts."""
    return {
        label["component"]["custom_id"]: {**label["component"], "about": label.get("description")}
        for label in form.components
    }
