"""What passes between a channel and the dialogue."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Button:
    """One choice under a message.

    ``press`` comes back as :attr:`Incoming.press` when it is chosen: at most 64 bytes, and complete in itself
    (``topic:sextortion:2``), so that an old button still works after a restart.
    """

    text: str
    press: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something a young person did: typed a text, pressed a button, or sent what we never open.

    ``chat`` is the channel's own id of the conversation; it never reaches storage or logs in clear.
    Exactly one of ``text``, ``press`` and ``refused`` is set.
    """

    channel: str
    chat: str
    text: str | None = None
    press: str | None = None
    refused: bool = False
    """A picture, voice message, file, sticker, location or contact came; the channel did not fetch it."""
    language: str | None = None
    """The language the channel says the person uses (BCP 47), where it says so."""
    update_id: int | None = None
    """The channel's number of this update; one seen before changes nothing twice."""
    message_id: int | None = None
    """The channel's number of the person's message, needed by ``/hide``."""
    edited: bool = False
    """The text replaces one sent before; it is answered as a new one."""
    source: bytes | None = field(default=None, repr=False, compare=False)
    """A hash of where it comes from, where the channel knows more of that than the chat, as of an address: what takes
    long is done in turn among sources. It is neither stored nor logged."""
    received: float | None = field(default=None, compare=False)
    """When it came, by :func:`time.monotonic`; where the channel does not say, when its answer was asked for."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to show: light Markdown (bold, lists, links) and rows of buttons."""

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    urgent: bool = False
    """The emergency card: a channel shows it as plainly as it can."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Everything that answers one :class:`Incoming`."""

    messages: tuple[Outgoing, ...]
    delete: tuple[int, ...] = ()
    """Numbers of messages the channel deletes before it shows anything (``/hide``, refused pictures)."""
    undeleted: Outgoing | None = None
    """What to say as well when some of ``delete`` could not be deleted."""
    renew: bool = False
    """A report was begun, or a code is known now: where names of chats can be stolen, this one is to get another."""


_ADVICE = frozenset(
    ("now", "topics", "talk", "none", "group", "safe", "age", "lang", "topic", "lines", "up", "down", "report")
)
"""What the presses under advice begin with. A message with any other may quote what somebody wrote."""


def is_advice(message: Outgoing) -> bool:
    """Whether nobody's own words can be in a message: every button under it is one of advice, and there is one.

    What a channel makes of such a message it may keep, for it is the same for everybody.
    """
    presses = [button.press for row in message.buttons for button in row]
    return bool(presses) and all(press.partition(":")[0] in _ADVICE for press in presses)
