"""What can go wrong with members of staff. No message holds a secret."""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

from safetybot.vault.errors import StaffError


class BadName(StaffError):
    """A name is empty, too long, or has a control character."""


class NameTaken(StaffError):
    """Another member has this name."""


class UnknownMember(StaffError):
    """No member has this name or id."""


class MemberDisabled(StaffError):
    """The member is disabled, or has been given a new key since they logged in."""


class WeakPassphrase(StaffError):
    """The passphrase is too short, or the one it replaces."""


class WrongPassphrase(StaffError):
    """No active member has this name and this passphrase."""


class MustChangePassphrase(StaffError):
    """The member still has the passphrase an operator made."""


class MemberLocked(StaffError):
    """The member has logged out: their key is gone from memory."""


class OwnAccount(StaffError):
    """A member may not do this to their own account."""


class NotActive(StaffError):
    """This is for active members, and the account is not; or the other way about."""


class WrongSecondFactor(StaffError):
    """The code of a second factor is wrong, too old, or was used before."""


class SecondFactorSet(StaffError):
    """There is a second factor already."""


class SecondFactorMissing(StaffError):
    """There is no second factor that this member can use."""


class PasskeyRefused(WrongSecondFactor):
    """A passkey's answer does not hold."""


class PasskeyCopied(PasskeyRefused):
    """A passkey's signature is right and its counter went back: two authenticators answer with one key."""


class NoSuchPasskey(StaffError):
    """The member has no such passkey."""


class LastSecondFactor(StaffError):
    """Without this passkey the member would have no second factor."""


class NotLocked(StaffError):
    """Nothing is counted against the member."""
