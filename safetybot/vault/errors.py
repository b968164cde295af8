"""Errors of keys and readers. No message holds a secret."""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations


class StaffError(Exception):
    """Something about a member of staff; the message says what, without any secret."""


class NoReader(StaffError):
    """No active member of staff: nothing can be sealed to anybody, so no report may be taken."""
