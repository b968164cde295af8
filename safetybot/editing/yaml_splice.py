"""The stretches of a YAML text that have to change for it to hold other data; the rest stays, byte for byte."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from safetybot.editing import yaml_text
from safetybot.guidance.faults import Fault
from safetybot.guidance.yaml_source import Data

ORDER = (
    *("id", "title", "group", "urgency", "answer", "first", "button", "say", "expect", "steps", "younger"),
    *("helplines", "report", "related", "sources", "name", "about", "call", "text", "web", "hours", "cost", "show"),
    *("nations", "url", "checked", "owner", "due", "review", "tests", "accepted", "asks"),
)
"""Where a new key goes: in front of those that come later here."""


class EditRefusedError(Exception):
    """The change cannot be made so that the file reads back as meant; ``faults`` says where, if that is known."""

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


def stripped(value: Data | None) -> Any:
    """Data as the models take it: without space around a text."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [stripped(each) for each in value]
    return {key: stripped(each) for key, each in value.items()} if isinstance(value, dict) else value


def key_of(value: Data) -> str:
    """What two equal values have in common."""
    return json.dumps(stripped(value), sort_keys=True)


@dataclass(frozen=True)
class _Splice:
    start: int
    end: int
    text: str


def _from_the_end(numbered: tuple[int, _Splice]) -> tuple[int, bool, int]:
    number, splice = numbered
    return -splice.start, splice.start == splice.end, -number


class Splicer:
    """Finds the stretches of one text that have to change."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.splices: list[_Splice] = []
        try:
            self.root: Node = YAML().compose(text)
        except YAMLError as problem:
            raise EditRefusedError("This file has mistakes of writing. Mend them in the file first.") from problem

    def spliced(self, old: Data, new: Data) -> str:
        """The text that holds the new data."""
        self.alter(self.root, old, new)
        text = self.text
        # From the end on. Of those that begin at one place, what is replaced comes first, or it would take away what
        # was put in there; of those put in, the first told ends up first.
        for _, splice in sorted(enumerate(self.splices), key=_from_the_end):
            text = text[: splice.start] + splice.text + text[splice.end :]
        return text

    def alter(self, node: Node, old: Data, new: Data) -> None:
        """Notes what to replace so that ``node`` holds ``new``."""
        if stripped(old) == stripped(new):
            return
        if isinstance(node, ScalarNode) and isinstance(new, str):
            self.scalar(node, new)
        elif (
            isinstance(node, MappingNode) and isinstance(old, dict) and isinstance(new, dict) and self.keyed(node, new)
        ):
            self.mapping(node, old, new)
        elif isinstance(node, SequenceNode) and isinstance(old, list) and isinstance(new, list) and new:
            self.sequence(node, old, new)
        else:
            self.whole(node, new)

    # -- texts

    def scalar(self, node: ScalarNode, new: str) -> None:
        start, style = node.start_mark.index, node.style
        if style in ("|", ">"):
            column = self.content_column(node)
            header = self.line_end(start)
            comment = re.search(r"\s+#.*$", self.text[start:header].rstrip("\r\n"))
            lines = ["|" + (comment[0] if comment else ""), *yaml_text.block(new, column)]
            self.splice(start, self.end(node), self.newline.join(lines))
        elif "\n" in new and not self.in_flow(node):
            column = self.key_column(start) + yaml_text.INDENT
            rest = self.text[self.end(node) : self.line_end(self.end(node))].rstrip()
            text = self.newline.join(["|" + rest, *yaml_text.block(new, column)])
            end = self.line_end(self.end(node), inclusive=False)
            self.splice(start, end, self.space(start) + text)
        else:
            written = yaml_text.scalar(new, flow=self.in_flow(node), style=style if style in ("'", '"') else None)
            self.splice(start, self.end(node), self.space(start) + written)

    def space(self, start: int) -> str:
        """A space, where a value stands for which nothing was written behind the colon or dash."""
        return " " if start and self.text[start - 1] in ":-" else ""

    # -- groups of keys

    def keyed(self, node: MappingNode, new: Mapping[str, Data]) -> bool:
        """Whether the group can be changed key by key: its first key stays, as a dash may stand before it."""
        return bool(node.value) and node.value[0][0].value in new

    def mapping(self, node: MappingNode, old: Mapping[str, Data], new: Mapping[str, Data]) -> None:
        pairs = {key.value: (key, value) for key, value in node.value}
        names = [key.value for key, _ in node.value]
        for name in names:
            if name in new:
                self.alter(pairs[name][1], old[name], new[name])
            elif _is_flow(node):
                before = pairs[names[names.index(name) - 1]][1]
                self.splice(self.end(before), self.end(pairs[name][1]), "")
            else:
                start = self.line_start(pairs[name][0].start_mark.index)
                self.splice(start, self.line_end(self.end_of_pair(*pairs[name])), "")
        for name in (name for name in new if name not in pairs):
            before = self.neighbour(name, names)
            at = self.end_of_pair(*pairs[before])
            if _is_flow(node):
                self.splice(at, at, f", {yaml_text.flow({name: new[name]})[1:-1]}")
            else:
                self.insert_lines(at, yaml_text.mapping({name: new[name]}, node.start_mark.column))

    def neighbour(self, name: str, names: Sequence[str]) -> str:
        """The key behind which a new one goes."""
        if name in ORDER:
            later = [each for each in names[1:] if each in ORDER and ORDER.index(each) > ORDER.index(name)]
            if later:
                return names[names.index(later[0]) - 1]
        return names[-1]

    # -- lists

    def sequence(self, node: SequenceNode, old: Sequence[Data], new: Sequence[Data]) -> None:
        if not node.value:
            self.whole(node, list(new))
            return
        matcher = difflib.SequenceMatcher(
            None, [key_of(each) for each in old], [key_of(each) for each in new], autojunk=False
        )
        for kind, a, b, c, d in matcher.get_opcodes():
            if kind == "equal":
                continue
            both = min(b - a, d - c)
            for at in range(both):
                self.alter(node.value[a + at], old[a + at], new[c + at])
            if b - a > both:
                self.delete(node, a + both, b)
            for value in new[c + both : d]:
                self.insert(node, a + both, value)

    def delete(self, node: SequenceNode, first: int, last: int) -> None:
        """Takes parts away: in ``[a, b]`` with a comma, in a list of lines with their lines."""
        if _is_flow(node):
            if first > 0:
                self.splice(self.end(node.value[first - 1]), self.end(node.value[last - 1]), "")
            elif last < len(node.value):
                self.splice(node.value[0].start_mark.index, node.value[last].start_mark.index, "")
            else:  # all are replaced: what is put in their place stands before them
                self.splice(node.value[0].start_mark.index, self.end(node.value[-1]), "")
            return
        for each in node.value[first:last]:
            self.splice(self.line_start(each.start_mark.index), self.line_end(self.end(each)), "")

    def insert(self, node: SequenceNode, at: int, value: Data) -> None:
        """Puts one part in, before the part number ``at``."""
        if _is_flow(node):
            if at:
                place = self.end(node.value[at - 1])
                self.splice(place, place, f", {yaml_text.flow(value)}")
            else:
                place = node.value[0].start_mark.index
                self.splice(place, place, f"{yaml_text.flow(value)}, ")
            return
        like = node.value[at - 1 if at else 0]
        dash = self.indent_of_line(like.start_mark.index)
        lines = yaml_text.item(value, dash, on_one_line=_is_flow(like))
        if at:
            self.insert_lines(self.end(node.value[at - 1]), lines)
        else:
            place = self.line_start(node.value[0].start_mark.index)
            self.splice(place, place, yaml_text.joined(lines, self.newline))

    # -- anything by anything else

    def whole(self, node: Node, new: Data) -> None:
        """Writes the value of a key, or a part of a list, anew."""
        start, end = node.start_mark.index, self.end(node)
        if self.in_flow(node):
            self.splice(start, end, yaml_text.flow(new))
            return
        behind = self.back(start)
        sign = self.text[behind - 1 : behind]
        column = self.indent_of_line(behind - 1)
        if sign == ":":
            first, *rest = yaml_text.under_key(new, column + (yaml_text.INDENT if self.is_item(behind - 1) else 0))
            self.splice(behind, end, self.newline.join([f" {first}" if first else "", *rest]))
        elif sign == "-":
            lines = yaml_text.item(new, column, on_one_line=_is_flow(node))
            self.splice(behind - 1, end, self.newline.join(lines).lstrip(" "))
        else:
            raise EditRefusedError("This change cannot be made here. Make it in the file itself.")

    def back(self, start: int) -> int:
        """Where the space before a value begins, over line ends too."""
        while start and self.text[start - 1] in " \r\n":
            start -= 1
        return start

    # -- places

    def splice(self, start: int, end: int, text: str) -> None:
        self.splices.append(_Splice(start, end, text))

    def insert_lines(self, behind: int, lines: Sequence[str]) -> None:
        """New lines below the one in which ``behind`` lies."""
        at = self.line_end(behind)
        text = yaml_text.joined(lines, self.newline)
        if at == len(self.text) and not self.text.endswith("\n"):
            text = self.newline + text.removesuffix(self.newline)
        self.splice(at, at, text)

    def line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int, *, inclusive: bool = True) -> int:
        """The end of the line in which ``at`` lies, with its line end or without."""
        found = self.text.find("\n", at)
        if found < 0:
            return len(self.text)
        if inclusive:
            return found + 1
        return found - 1 if self.text[found - 1 : found] == "\r" else found

    def indent_of_line(self, at: int) -> int:
        line = self.text[self.line_start(at) :]
        return len(line) - len(line.lstrip(" "))

    def is_item(self, at: int) -> bool:
        """Whether the line begins with a dash."""
        return self.text[self.line_start(at) :].lstrip(" ").startswith("- ")

    def in_flow(self, node: Node) -> bool:
        """Whether the node stands inside ``[…]`` or ``{…}``."""
        at = node.start_mark.index
        return any(_is_flow(each) and each.start_mark.index < at < each.end_mark.index for each in self.collections())

    def collections(self) -> list[Node]:
        found: list[Node] = []
        ahead = [self.root]
        while ahead:
            node = ahead.pop()
            if isinstance(node, MappingNode):
                found.append(node)
                ahead += [value for _, value in node.value]
            elif isinstance(node, SequenceNode):
                found.append(node)
                ahead += node.value
        return found

    def end(self, node: Node) -> int:
        """Behind the last character of a value. (The marks of lists and blocks lie behind comments and empty lines.)"""
        if isinstance(node, ScalarNode) and node.style in ("|", ">"):
            return self.block_end(node)
        if isinstance(node, ScalarNode) or _is_flow(node):
            return cast(int, node.end_mark.index)
        if isinstance(node, MappingNode):
            return self.end_of_pair(*node.value[-1])
        return self.end(node.value[-1])

    def end_of_pair(self, key: Node, value: Node) -> int:
        """The end of a value, or of its key where none is written."""
        behind_colon: int = key.end_mark.index + 1
        return max(self.end(value) if value.end_mark.index > value.start_mark.index else 0, behind_colon)

    def key_column(self, at: int) -> int:
        """The column of the key, or of the dash, of the value that begins at ``at``."""
        dash = self.indent_of_line(at)
        behind_dash = self.is_item(at) and self.text[self.line_start(at) + dash : at].strip() != "-"
        return dash + yaml_text.INDENT if behind_dash else dash

    def content_column(self, node: Node) -> int:
        """The column of the lines of a block text; an empty one has that which its lines would have."""
        start = node.start_mark.index
        key, at = self.key_column(start), self.line_end(start)
        while at < len(self.text):
            line = self.text[at : self.line_end(at, inclusive=False)]
            if line.strip():
                column = len(line) - len(line.lstrip(" "))
                return column if column > key else key + yaml_text.INDENT
            at = self.text.find("\n", at) + 1 or len(self.text)
        return key + yaml_text.INDENT

    def block_end(self, node: Node) -> int:
        """Behind the last line of a block text that is not empty, without its line end."""
        header = self.line_end(node.start_mark.index, inclusive=False)
        column, end, at = self.content_column(node), header, self.line_end(node.start_mark.index)
        while at < len(self.text):
            stop = self.text.find("\n", at)
            stop = len(self.text) if stop < 0 else stop
            line = self.text[at:stop]
            if line.strip():
                if len(line) - len(line.lstrip(" ")) < column:
                    break
                end = stop - 1 if line.endswith("\r") else stop
            at = stop + 1
        return end


def _is_flow(node: Node) -> bool:
    return isinstance(node, MappingNode | SequenceNode) and bool(node.flow_style)
