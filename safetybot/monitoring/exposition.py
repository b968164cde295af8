"""The numbers as Prometheus reads them. Names and labels are a promise: dashboards and alarms are built on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import accumulate

from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from safetybot.metrics.counters import CHANNELS, DECISIONS, KINDS, LIMITS, TELEGRAM, TELEGRAM_LIMITS, Histogram, Metrics
from safetybot.monitoring.gauges import Gauges

_VERSION = version("safetybot")
_PROCESS = ProcessCollector(registry=CollectorRegistry())


def exposition(observed: Metrics, numbers: Gauges, ready: bool, accept: str) -> tuple[bytes, str]:
    """The page, and its media type. ``accept``: what the asker can read."""
    encode, kind = choose_encoder(accept)
    return encode(_Page(observed, numbers, ready)), kind


class _Page(Collector):
    def __init__(self, observed: Metrics, numbers: Gauges, ready: bool) -> None:
        self._observed = observed
        self._numbers = numbers
        self._ready = ready

    def collect(self) -> Iterator[Metric]:
        yield from _conversations(self._observed)
        yield from _telegram(self._observed)
        yield from _content(self._observed)
        yield from _installation(self._numbers)
        yield _gauge("safetybot_ready", "Whether /readyz says that it is ready.", float(self._ready))
        build = GaugeMetricFamily("safetybot_build_info", "The version that runs.", labels=["version"])
        build.add_metric([_VERSION], 1.0)
        yield build
        yield from _PROCESS.collect()


def _conversations(observed: Metrics) -> Iterator[Metric]:
    kinds = [(channel, kind) for channel in CHANNELS for kind in KINDS]
    updates = {each: observed.updates[each] for each in kinds}
    yield _counters("safetybot_updates", "What young people sent.", ("channel", "kind"), updates.items())
    decisions = {(name,): observed.decisions[name] for name in dict.fromkeys(DECISIONS.values())}
    yield _counters("safetybot_decisions", "What was decided about typed words.", ("decision",), decisions.items())
    yield CounterMetricFamily("safetybot_emergency_cards", "Emergency cards for typed words.", observed.cards)
    yield CounterMetricFamily("safetybot_check_ins", "Times it asked whether somebody is safe.", observed.checks)
    text = "From receipt of an update until its answer was shown."
    yield _spreads("safetybot_answer_seconds", text, ("channel",), {(n,): s for n, s in observed.answered.items()})
    text = "From a typed text to what it means, the wait for a free thread included."
    yield _spreads("safetybot_understanding_seconds", text, (), {(): observed.understood})
    text = "One commit of what conversations change."
    yield _spreads("safetybot_commit_seconds", text, (), {(): observed.committed})
    yield CounterMetricFamily("safetybot_commit_failures", "Commits that failed.", observed.commit_failures)
    in_hand, waiting = _family("in_hand", "answered now"), _family("waiting", "held, and not begun")
    for channel in CHANNELS:
        in_hand.add_metric([channel], observed.in_hand[channel])
        waiting.add_metric([channel], _depth(observed, channel))
    yield in_hand
    yield waiting
    limits = {(channel, limit): observed.limits[channel, limit] for channel in CHANNELS for limit in LIMITS}
    limits |= {("telegram", limit): observed.telegram[name] for name, limit in TELEGRAM_LIMITS.items()}
    yield _counters("safetybot_limited", "Times somebody was asked to wait.", ("channel", "limit"), limits.items())


def _telegram(observed: Metrics) -> Iterator[Metric]:
    events = {(name,): observed.telegram[name] for name in TELEGRAM}
    text = "Messages sent to Telegram, requests that were tried again or throttled, and what failed."
    yield _counters("safetybot_telegram", text, ("event",), events.items())
    text = "Messages that wait until they may go to Telegram."
    yield _gauge("safetybot_telegram_to_send", text, observed.to_send())
    if observed.telegram_up is not None:
        text = "Whether Telegram answered when it was last asked."
        yield _gauge("safetybot_telegram_up", text, float(observed.telegram_up))


def _content(observed: Metrics) -> Iterator[Metric]:
    content = observed.content
    failures = "Times that what an editor saved could not go live."
    yield CounterMetricFamily("safetybot_content_reload_failures", failures, content.failures)
    if content.version:
        info = GaugeMetricFamily("safetybot_content_info", "The content that answers, by its hash.", labels=["version"])
        info.add_metric([content.version], 1.0)
        yield info
        text = "When it went live in this process."
        yield _gauge("safetybot_content_live_timestamp_seconds", text, content.since)


def _installation(numbers: Gauges) -> Iterator[Metric]:
    yield _gauge("safetybot_database_up", "Whether the database could be read.", float(numbers.up))
    if not numbers.up:
        return
    readers = "Members of staff who can read a report that is made now."
    yield _gauge("safetybot_staff_keys", readers, numbers.readers)
    unvouched = (
        "Keys and accounts in the database that nobody on the list of members vouched for; 0 is as it should be."
    )
    yield _gauge("safetybot_unvouched_keys", unvouched, numbers.unvouched)
    yield _gauge("safetybot_unread_cases", "Cases with something that nobody has opened.", numbers.unread)
    oldest = "Seconds since the beginning of the day (UTC) of the oldest unread report; 0 where there is none."
    yield _gauge("safetybot_unread_oldest_seconds", oldest, numbers.oldest)
    yield _gauge("safetybot_database_bytes", "Size of the database, without its logs.", numbers.size)
    for name, at in (("purge", numbers.last_purge), ("backup", numbers.last_backup)):
        if at is not None:
            yield _gauge(f"safetybot_last_{name}_timestamp_seconds", f"When the last {name} was done.", at)


def _depth(observed: Metrics, channel: str) -> float:
    depth = observed.waiting.get(channel)
    return float(depth()) if depth else 0.0


def _family(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"safetybot_updates_{name}", f"Updates that are {text}.", labels=["channel"])


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value)


def _counters(
    name: str, text: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], float]]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=labels)
    for each, value in values:
        family.add_metric(each, value)
    return family


def _spreads(
    name: str, text: str, labels: Sequence[str], spreads: Mapping[tuple[str, ...], Histogram]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=labels)
    for each, spread in spreads.items():
        family.add_metric(each, buckets=list(_buckets(spread)), sum_value=spread.total)
    return family


def _buckets(spread: Histogram) -> Iterable[tuple[str, float]]:
    """Prometheus wants, for each bound, how often it took no longer than that."""
    bounds = (*(str(bound) for bound in spread.bounds), "+Inf")
    return zip(bounds, map(float, accumulate(spread.counts)), strict=True)
