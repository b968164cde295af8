"""What every file of the editors is made of: texts of a kind, ids, and the base of all shapes.

Numbers in this module (lengths) are the editors' limits, with the reason beside each.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

STEP_MAX = 600
"""Characters in a later message, read by choice."""

BUTTON_MAX = 30
"""Characters on a button: what one row shows on a small phone."""

ID_MAX = 40
"""Characters in an id: the longest button payload, ``topic:<id>:<step>``, must fit Telegram's 64 bytes."""


class Urgency(StrEnum):
    """What a topic or a choice itself implies, whatever the words."""

    NORMAL = "normal"
    HIGH = "high"
    EMERGENCY = "emergency"


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=ID_MAX)]
ButtonText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=BUTTON_MAX)]
StepText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=STEP_MAX)]


class ContentModel(BaseModel):
    """Base of everything editors write: frozen, and no key that we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
