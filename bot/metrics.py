"""What is counted. Any layer may count; only bot.health serves the figures. docs/operating.md describes each one."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """All counters, on a registry of their own, so that two bots in one process do not mix."""

    def __init__(self) -> None:
        """Create every metric at zero."""
        self.registry = CollectorRegistry()
        self.jobs_taken = self._counter("compose_jobs_taken", "Orders that became a job")
        self.orders_refused = self._counter(
            "compose_orders_refused", "Orders that a limit, a budget or an operator did not let in", "reason"
        )
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
        self.brake = Gauge(
            "compose_brake",
            "1 while a music service refuses the account and its songs wait",
            ["provider"],
            registry=self.registry,
        )
        self.live_jobs = Gauge("compose_live_jobs", "Jobs by live state", ["state"], registry=self.registry)
        self.loop_lag_seconds = Gauge(
            "compose_loop_lag_seconds",
            "How late the event loop was at most since this was last read",
            registry=self.registry,
        )
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

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def exposition(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)
