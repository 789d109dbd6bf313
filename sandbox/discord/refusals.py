"""Everything Discord says no with: its status, its numeric code and its words."""

from typing import Any

#: Code -> (HTTP status, message). Source: Discord docs, "Opcodes and Status Codes".
REFUSALS: dict[int, tuple[int, str]] = {
    0: (401, "401: Unauthorized"),
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30032: (400, "Maximum number of application commands reached (100)"),
    20016: (429, "This action cannot be performed due to slowmode rate limit."),
    40003: (429, "You are opening direct messages too fast"),
    40004: (403, "Send messages has been temporarily disabled"),
    30034: (400, "Max number of daily application command creates has been reached (200)"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    40333: (403, "internal network error"),
    40094: (403, "This interaction has reached the maximum number of follow up messages for a user install."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    50240: (
        400,
        "You cannot remove this app's Entry Point command in a bulk update operation. Include it in your request",
    ),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    160002: (403, "Cannot reply without permission to read message history"),
    160005: (400, "Thread is locked"),
    200000: (400, "Message was blocked by automatic moderation"),
    200001: (400, "Title was blocked by automatic moderation"),
}


class RefusedError(Exception):
    """A request Discord answers with an error; carries status, code, message and the form errors by path."""

    def __init__(self, code: int, *, message: str | None = None, errors: dict[str, Any] | None = None) -> None:
        status, words = REFUSALS[code]
        super().__init__(f"{status}/{code} {message or words}")
        self.status = status
        self.code = code
        self.message = message or words
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


class ClientRefusedError(Exception):
    """What a Discord client would not have let a member do (a missing option, a disabled button, ...)."""


class Form:
    """Collects what is wrong with a payload by path, then refuses it as a whole with 50035.

    Unknown fields are no reason to refuse (Discord ignores them); they are kept in `unknown` so that they are noticed.
    """

    def __init__(self) -> None:
        self.errors: dict[str, Any] = {}
        self.unknown: list[str] = []

    def add(self, path: str, code: str, message: str) -> None:
        """Note one error at a dotted path such as `embeds.0.title`."""
        node = self.errors
        for step in path.split("."):
            node = node.setdefault(step, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def fields(self, path: str, payload: dict[str, Any], known: frozenset[str]) -> None:
        """Notice fields Discord does not know."""
        self.unknown += [f"{path}.{name}" if path else name for name in payload if name not in known]

    def text(self, path: str, value: Any, longest: int, *, shortest: int = 1, required: bool = True) -> None:
        """A string between `shortest` and `longest` characters."""
        if value is None:
            if required:
                self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif not isinstance(value, str):
            self.add(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
        elif len(value) > longest:
            code = "BASE_TYPE_MAX_LENGTH" if shortest <= 1 else "BASE_TYPE_BAD_LENGTH"
            self.add(path, code, f"Must be {longest} or fewer in length.")
        elif len(value) < shortest:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {shortest} and {longest} in length.")

    def number(self, path: str, value: Any, lowest: int, highest: int) -> None:
        """An optional whole number between two bounds."""
        if value is None:
            return
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            self.add(path, "NUMBER_TYPE_RANGE", f"int value should be between {lowest} and {highest}.")

    def rows(self, path: str, value: Any, max_items: int, *, min_items: int = 0) -> list[dict[str, Any]]:
        """A list of objects; what is not one is an error and left out."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if not min_items <= len(value) <= max_items:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {min_items} and {max_items} in length.")
        for index, row in enumerate(value):
            if not isinstance(row, dict):
                self.add(f"{path}.{index}", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return [row for row in value if isinstance(row, dict)]

    def close(self) -> None:
        """Refuse with 50035 if anything was wrong."""
        if self.errors:
            raise RefusedError(50035, errors=self.errors)
