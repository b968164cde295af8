"""What is counted while the bot works: numbers alone, in memory, for whoever watches it (:mod:`safetybot.monitoring`).

Nothing here says who wrote, or about what: no chat, no word, and no topic, for in a small installation a topic and a
moment may be enough to know a child. Names come from short lists in this file; whatever else is counted is left out.
To count costs less than a microsecond, and never raises.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

CHANNELS = ("telegram", "web", "terminal")
KINDS = ("text", "press", "command", "refused")
"""What came: typed words, a button, ``/start`` and the like, or a picture and all else that is never fetched."""
DECISIONS = {
    "answer": "answer",
    "passage": "answer",
    "choose": "offer",
    "unsure": "unsure",
    "people": "people",
    "off-topic": "off-topic",
    "other-language": "other-language",
    "insult": "insult",
}
"""What the dialogue counts (:mod:`safetybot.dialogue.advice_flow`) → what was decided about typed words."""
TELEGRAM = (
    "updates",
    "sent",
    "retried",
    "throttled",
    "unsent",
    "refused",
    "markup-refused",
    "undeleted",
    "unacknowledged",
    "blocked",
    "empty",
    "unreadable",
    "broken",
    "polls-failed",
    "polls-stalled",
    "posts-refused",
    "posts-forged",
    "posts-too-large",
    "posts-unwritten",
    "posts-failed",
    "webhook-lost",
    "webhook-unchecked",
    "staff-notes",
    "groups-left",
)
"""What happens between us and Telegram, as :mod:`safetybot.channels.telegram` counts it."""
LIMITS = ("chat", "address", "in-hand", "all")
"""One person, one address, all that one process has in hand, and all who write at once."""
TELEGRAM_LIMITS = {"slow-down": "chat", "busy": "all"}
"""What the Telegram channel counts → the limit that was reached."""

FAILED_COMMITS = 2
"""After which commits are said to fail: one alone may be another process's doing."""
FAILED_SECONDS = 30.0
"""For which that is said after the last one."""

_QUICK = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)


class Histogram:
    """How long something took, each time: how often up to each of a few bounds, and in all."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """``bounds``: seconds, rising."""
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """One for each bound, and one for what took longer."""
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Once more, and how long it took."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds


@dataclass(slots=True)
class Content:
    """What answers now."""

    version: str = ""
    """A hash of all content files; empty before there is any."""
    since: float = 0.0
    """Second since 1970 at which it went live here."""
    failures: int = 0
    """How often what an editor saved could not go live."""


@dataclass(slots=True)
class Metrics:
    """All that one process counts, since its start."""

    updates: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Channel and kind."""
    decisions: Counter[str] = field(default_factory=Counter)
    cards: int = 0
    """Emergency cards for what somebody wrote."""
    checks: int = 0
    """"Are you safe right now?"."""
    answered: dict[str, Histogram] = field(default_factory=lambda: {name: Histogram(_SLOW) for name in CHANNELS})
    """Channel → from receipt until all was shown."""
    understood: Histogram = field(default_factory=lambda: Histogram(_QUICK))
    """From a typed text to what it means, the wait for a free thread included."""
    committed: Histogram = field(default_factory=lambda: Histogram(_QUICK))
    """One commit of what conversations change."""
    commit_failures: int = 0
    failed_commits: int = 0
    """How many have failed since the last one that did not."""
    failed_at: float = 0.0
    """When the last one failed, by :func:`time.monotonic`."""
    in_hand: Counter[str] = field(default_factory=Counter)
    """Channel → updates that are being answered."""
    waiting: dict[str, Callable[[], int]] = field(default_factory=dict)
    """Channel → how many updates it holds that nobody has begun to answer."""
    to_send: Callable[[], int] = int
    """How many messages wait until they may go to Telegram."""
    telegram: Counter[str] = field(default_factory=Counter)
    telegram_up: bool | None = None
    """Whether Telegram answered when it was last asked for news; None before it ever did, and where it is not used."""
    limits: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Channel and limit → how often somebody was asked to wait."""
    content: Content = field(default_factory=Content)

    def received(self, channel: str, text: str | None, press: str | None) -> None:
        """An update has come; nothing of ``text`` and ``press`` is kept."""
        if press is not None:
            kind = "press"
        elif text is None:
            kind = "refused"
        else:
            kind = "command" if text.startswith("/") else "text"
        self.updates[channel, kind] += 1

    def decided(self, counts: Iterable[tuple[str, str]]) -> None:
        """What the dialogue counted in one turn, as names with topics; the topics go no further."""
        for name, _ in counts:
            if name == "danger":
                self.cards += 1
            elif name == "check":
                self.checks += 1
            elif (decision := DECISIONS.get(name)) is not None:
                self.decisions[decision] += 1

    def shown(self, channel: str, seconds: float) -> None:
        """An update is answered, so long after it came."""
        spread = self.answered.get(channel)
        if spread is not None:
            spread.add(seconds)

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Around one commit."""
        began = time.monotonic()
        try:
            yield
        except BaseException as error:
            self.commit_failures += 1
            if isinstance(error, Exception):  # else it was called off
                self.failed_commits, self.failed_at = self.failed_commits + 1, time.monotonic()
            raise
        self.failed_commits = 0
        self.committed.add(time.monotonic() - began)

    def commits_fail(self) -> bool:
        """Return whether commits fail one after the other, and did so a moment ago.

        A process that is sent nothing more because of it commits nothing, and so could never show that it can again.
        """
        return self.failed_commits >= FAILED_COMMITS and time.monotonic() - self.failed_at < FAILED_SECONDS

    def telegram_is(self, up: bool) -> None:
        """Telegram answered, or did not."""
        self.telegram_up = up

    def limited(self, channel: str, limit: str) -> None:
        """Somebody was asked to wait. ``limit``: one of LIMITS."""
        self.limits[channel, limit] += 1

    def content_changed(self, version: bytes, *, good: bool) -> None:
        """What the editors saved went live, or did not. ``version``: of what is live now."""
        if good:
            self.content.version, self.content.since = version.hex()[:16], time.time()
        else:
            self.content.failures += 1
