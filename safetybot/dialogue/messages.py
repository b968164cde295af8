"""What passes between a channel and the dialogue."""

from __future__ import annotations

from dataclasses import dataclass


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
