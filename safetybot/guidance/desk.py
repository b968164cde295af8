"""What the desk needs of editors, as they write it in ``desk.yaml``: phrases, warnings, and to whom a case is referred.

Staff alone read it; the phrases are what a young person may get to read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from safetybot.guidance.base import ContentModel, Id, StepText, Text
from safetybot.guidance.report_form import FormId

PLACEHOLDER = re.compile(r"\{([^{}\s]*)\}")
"""In a phrase: the id of a helpline, in whose place its number is put."""

TITLE_MAX = 60
LABEL_MAX = 30

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_MAX)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LABEL_MAX)]


class ReferralSender(ContentModel):
    """Who we are, on a referral."""

    name: Text = Field(description="The name of your organisation or team.")
    reach: Text = Field(description="How the recipient reaches you.")


class SavedPhrase(ContentModel):
    """A phrase for replies."""

    id: Id = Field(description="Its name. It never changes.")
    title: Title = Field(description="What it is for, in a few words; staff choose it by this.")
    say: StepText = Field(description="The phrase, as the young person will read it; {childline} is its number.")


class Avoid(ContentModel):
    """Words in a reply that staff are warned of."""

    id: Id = Field(description="Its name.")
    why: Text = Field(description="What is wrong with such words.")
    better: Text = Field(description="What to say instead.")
    phrases: tuple[Text, ...] = Field(
        min_length=1, description="The words, in any case of letters; … stands for up to three words."
    )
    unless: tuple[Text, ...] = Field(default=(), description="Words before them with which they are right.")


class Checking(ContentModel):
    """What a reply is looked over for before it is sent. It is a warning, never a bar."""

    sentence: int = Field(default=20, ge=5, le=60, description="Words from which a sentence is called long.")
    reply: int = Field(default=120, ge=20, le=600, description="Words from which a reply is called long.")
    avoid: tuple[Avoid, ...] = Field(default=(), description="Words to be warned of.")
    hard: Mapping[Text, Text] = Field(default_factory=dict, description="Hard words, and easier ones for them.")


class Recipient(ContentModel):
    """Somebody a case can be referred to."""

    id: Id = Field(description="Its name. It never changes.")
    name: Title = Field(description="Who they are.")
    takes: Text = Field(description="What they deal with.")
    note: Text | None = Field(default=None, description="What to know before you refer to them.")
    helpline: Id | None = Field(default=None, description="How to reach them; an id from helplines.yaml.")
    ask: Title | None = Field(default=None, description="Asks which one it is, for example which police force.")
    needs: tuple[FormId, ...] = Field(default=(), description="Questions of report.yaml whose answers they need.")


class DeskFile(ContentModel):
    """``desk.yaml``."""

    sender: ReferralSender = Field(description="Who we are, on a referral.")
    phrases: tuple[SavedPhrase, ...] = Field(default=(), description="Phrases for replies.")
    checking: Checking = Field(default_factory=Checking, description="What a reply is looked over for.")
    labels: tuple[Label, ...] = Field(default=(), description="Labels that are offered; staff may write others.")
    recipients: tuple[Recipient, ...] = Field(min_length=1, description="To whom a case can be referred.")

    def recipient(self, id_: str) -> Recipient | None:
        """The recipient with this id."""
        return next((each for each in self.recipients if each.id == id_), None)

    def phrase(self, id_: str) -> SavedPhrase | None:
        """The phrase with this id."""
        return next((each for each in self.phrases if each.id == id_), None)
