"""What is counted. Any layer may count; only bot.health serves the figures. docs/operating.md describes each one."""

import platform
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

import bot
from bot.errors import Reason

#: Verdicts that keep an order out, and what they are called by their rule.
RULES: Mapping[Reason, str] = MappingProxyType({
    Reason.LIMIT_DAY: "member_per_day",
    Reason.LIMIT_AT_ONCE: "member_at_once",
    Reason.LIMIT_GUILD: "guild_per_day",
    Reason.NOT_ALLOWED: "not_allowed",
    Reason.BUDGET: "budget",
    Reason.PAUSED: "pause",
    Reason.BLOCKED: "block",
    Reason.ALREADY_TAKEN: "double_press",
    Reason.GUILD_CLOSED: "allowed_guilds",
    Reason.DIRECT_CLOSED: "allow_direct",
    Reason.USER_INSTALL_CLOSED: "allow_user_install",
    Reason.WORDS_REFUSED: "words",
    Reason.WRONG_CHANNEL: "channel",
    Reason.HEARING_WAITS: "hearing",
    Reason.MEMBER_SPACE: "member_space",
    Reason.DATA_SPACE: "data_space",
    Reason.DISK_NEARLY_FULL: "disk",
})  # fmt: skip

#: By resting state, why jobs end in it.
_ENDS: Mapping[str, Iterable[str]] = MappingProxyType({
    "delivered": ("",),
    "refused": ("sound", "reference_gone", "file_empty", "file_too_large", "foreign_url"),
    "failed": tuple(Reason),
    "expired": ("deadline", "key_refused", "no_credits", "address_wrong"),
    "cancelled": ("member_cancelled", "dismissed"),
    "undeliverable": ("channel_gone", "no_permission", "track_unheard", "track_too_large"),
    "unknown": ("outcome_unknown",),
})  # fmt: skip

#: Alarms watch an increase, and there is none from nothing to one: what a label may say is there from the start, at 0.
_KNOWN: Mapping[str, Iterable[tuple[str, ...]]] = MappingProxyType({
    "orders_refused": [(reason,) for reason in RULES],
    "limited": [(rule,) for rule in RULES.values()],
    "jobs_ended": [(state, reason) for state, reasons in _ENDS.items() for reason in reasons],
    "submissions": [("accepted",), ("busy",), ("refused",), ("account",), ("unknown",)],
    "shard_connected": [("0",)],
    "polls": [("StillWorking",), ("Finished",), ("GaveUp",), ("busy",), ("refused",), ("account",)],
    "fetches": [("fetched",), ("not_ready",), ("lost",), ("disk",)],
    "deliveries": [("delivered",), ("later",), ("disk",), ("undeliverable",)],
    "account_errors": [(Reason.KEY_REFUSED,), (Reason.NO_CREDITS,), (Reason.ADDRESS_WRONG,)],
    "sound_faults": [
        ("over_cpu",), ("over_time",), ("over_memory",), ("over_output",), ("crashed",), ("internal",),
        ("unreadable",), ("unavailable",), ("disk",), ("too_heavy",), ("dense",), ("heavy_tags",),
    ],
    "alerts": [
        (kind, outcome)
        for kind in (
            "key_refused", "no_credits", "address_wrong", "budget_80", "budget_100", "disk", "loop", "brake_on",
            "brake_off", "model_missing", "address_changed", "unknown_outcomes", "migrated", "log_channel", "report",
        )
        for outcome in ("sent", "dropped")
    ],
    "log_lines": [("sent",), ("dropped",)],
    "live_jobs": [("checking",), ("queued",), ("submitting",), ("generating",), ("ready",), ("delivering",)],
    "budget_used_ratio": [("day",), ("month",)],
})  # fmt: skip


class Metrics:
    """All counters, on a registry of their own, so that two bots in one process do not mix."""

    def __init__(self) -> None:
        """Create every metric at zero."""
        self.registry = CollectorRegistry()
        self.jobs_taken = self._counter("compose_jobs_taken", "Orders that became a job")
        self.orders_refused = self._counter(
            "compose_orders_refused", "Orders that a limit, a budget or an operator did not let in", "reason"
        )
        self.limited = self._counter("compose_limited", "Orders that were not let in, by the rule that said no", "rule")
        self.spent = self._counter("compose_spent", "What accepted songs have cost in all, in CURRENCY, by the ledger")
        self.alerts = self._counter(
            "compose_alerts", "Alerts for the operator, by what became of them", "kind", "outcome"
        )
        self.log_lines = self._counter("compose_log_lines", "Lines for servers' log channels, by outcome", "outcome")
        self.jobs_ended = self._counter("compose_jobs_ended", "Jobs that came to rest", "state", "reason")
        self.submissions = self._counter("compose_submissions", "POSTs to the music API by outcome", "outcome")
        self.polls = self._counter("compose_polls", "Looks at the music API by outcome", "outcome")
        self.fetches = self._counter("compose_fetches", "Downloads of finished tracks by outcome", "outcome")
        self.deliveries = self._counter("compose_deliveries", "Tries to send a track by outcome", "outcome")
        self.account_errors = self._counter(
            "compose_account_errors", "Answers that only the operator can mend: key or credits", "reason"
        )
        self.sound_faults = self._counter(
            "compose_sound_faults", "Files of which nothing was learned, by what ended their process", "problem"
        )
        self.step_errors = self._counter("compose_step_errors", "Steps that ended in an unexpected exception")
        self.late_answers = self._counter("compose_late_answers", "Answers of overtaken attempts: a charge, no track")
        self.brake = self._gauge(
            "compose_brake", "1 while a music service refuses the account and its songs wait", "provider"
        )
        self.standing_by = self._gauge("compose_standing_by", "1 while this process waits for another's end")
        self.shard_connected = self._gauge(
            "compose_shard_connected", "1 while this shard has a session at Discord's gateway", "shard"
        )
        self.live_jobs = self._gauge("compose_live_jobs", "Jobs by live state", "state")
        self.loop_lag_seconds = self._gauge(
            "compose_loop_lag_seconds", "How late the event loop was at most since this was read"
        )
        self.loops_dead = self._gauge("compose_loops_dead", "Background loops that died and do not run yet again")
        self.queue_age_seconds = self._gauge("compose_queue_age_seconds", "How long the oldest song waits in the line")
        self.disk_free_bytes = self._gauge("compose_disk_free_bytes", "Room on the disk of DATA_DIR")
        self.budget_used_ratio = self._gauge("compose_budget_used_ratio", "Of a budget, held songs included", "period")
        self.build_info = self._gauge("compose_build_info", "Always 1; the labels say what runs", "version", "python")
        self.generation_seconds = Histogram(
            "compose_generation_seconds",
            "From the music API's yes to the finished track",
            buckets=(10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900),
            registry=self.registry,
        )
        self.delivery_seconds = Histogram(
            "compose_delivery_seconds",
            "From the finished track to the message in the channel",
            buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        self.build_info.labels(bot.__version__, platform.python_version()).set(1)
        for name, values in _KNOWN.items():
            for labels in values:
                getattr(self, name).labels(*labels)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def value(self, name: str, **labels: str) -> float:
        """What a sample says now, by its name in Prometheus; 0 where there is none."""
        return self.registry.get_sample_value(name, labels) or 0.0

    def exposition(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)
