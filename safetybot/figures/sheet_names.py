"""How what is counted by an id is called on the yearly sheet."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from safetybot.guidance.model import Group, Guidance
from safetybot.guidance.report_form import ReportForm
from safetybot.reports import counting


@dataclass(frozen=True, slots=True)
class SheetNames:
    """Names by id; an id without a name is shown as it is."""

    kinds: Mapping[str, str] = field(default_factory=dict)
    ages: Mapping[str, str] = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)
    talk: Container[str] = frozenset()
    """Topics that are no advice: greetings and thanks."""

    @classmethod
    def of(cls, guidance: Guidance | None) -> SheetNames:
        """From the buttons of the report form, and the titles of the topics."""
        if guidance is None:
            return cls()
        titles = {id_: topic.title for id_, topic in guidance.topics.items() if topic.group is not Group.CHAT}
        kinds, ages = (_buttons(guidance.report, id_) for id_ in (counting.KIND, counting.AGE))
        return cls(kinds, ages, titles, guidance.topics.keys() - titles.keys())


def _buttons(form: ReportForm | None, id_: str) -> Mapping[str, str]:
    question = form.question(id_) if form else None
    return {choice.id: choice.button for choice in question.choices} if question else {}
