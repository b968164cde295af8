"""The yearly sheet as plain text, as CSV for a spreadsheet, and as JSON."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Iterator, Sequence

from safetybot.figures.disclosure_control import Mark
from safetybot.figures.sheet import Change, Entry, Percent, Sheet, SheetRow, Table, entry_text

WIDTH = 80
_GAP = 2
_LABEL_MIN = 16
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would reckon with."""


def sheet_text(sheet: Sheet) -> str:
    """For a terminal of 80 columns."""
    parts = [_underlined(sheet.title, "="), _filled(" ".join(sheet.sentences))]
    for section in sheet.sections:
        parts += [_underlined(section.title, "="), _filled(section.intro)]
        parts += [_table_text(table) for table in section.tables]
    parts += [_underlined("How to read these figures", "="), *map(_filled, sheet.notes)]
    return "\n\n".join(part for part in parts if part)


def _table_text(table: Table) -> str:
    rows = (*table.rows, *table.totals)
    cells = [[entry_text(entry) for entry in row.entries] for row in rows]
    wide = [
        max(*map(len, column), *map(len, head.split()))
        for head, column in zip(table.head, zip(*cells, strict=True), strict=True)
    ]
    room = WIDTH - sum(wide) - _GAP * len(wide)
    label = max(_LABEL_MIN, min(room, max(len(table.what), *(len(row.label) for row in rows))))
    heads = [textwrap.wrap(head, width) for head, width in zip(table.head, wide, strict=True)]
    tall = max(map(len, heads))
    lines = [
        _line(table.what if at == tall - 1 else "", label, [_from_below(head, at, tall) for head in heads], wide)
        for at in range(tall)
    ]
    rule = "-" * (label + sum(wide) + _GAP * len(wide))
    lines.append(rule)
    for number, (row, texts) in enumerate(zip(rows, cells, strict=True)):
        if number == len(table.rows):
            lines.append(rule)
        first, *more = textwrap.wrap(row.label, label) or [""]
        lines.append(_line(first, label, texts, wide))
        lines += [f"  {line}" for line in more]
    note = f"{_filled(table.note)}\n\n" if table.note else ""
    return f"{_underlined(table.title, '-')}\n\n{note}" + "\n".join(lines)


def _from_below(head: Sequence[str], at: int, tall: int) -> str:
    place = at - (tall - len(head))
    return head[place] if place >= 0 else ""


def _line(label: str, width: int, texts: Sequence[str], wide: Sequence[int]) -> str:
    columns = "".join(" " * _GAP + text.rjust(each) for text, each in zip(texts, wide, strict=True))
    return f"{label:{width}}{columns}".rstrip()


def _underlined(text: str, mark: str) -> str:
    return f"{text}\n{mark * len(text)}"


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH)


def sheet_csv(sheet: Sheet) -> str:
    """One figure a line: section, table, row, measure, figure. Excel takes it for UTF-8 by the mark it begins with.

    A text that a spreadsheet would take for a formula gets an apostrophe; a number of ours stays a number.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["Section", "Table", "Row", "Measure", "Figure"])
    for section in sheet.sections:
        for table in section.tables:
            for row in (*table.rows, *table.totals):
                for measure, figure in _figures(table, row):
                    texts = (section.title, table.title, row.label, measure)
                    writer.writerow([*map(safe_cell, texts), safe_cell(figure)])
    return "\ufeff" + out.getvalue()


def _figures(table: Table, row: SheetRow) -> Iterator[tuple[str, int | str]]:
    for measure, entry in zip(_measures(table), row.entries, strict=True):
        match entry:
            case None:
                continue
            case Mark():
                yield measure, entry.value
            case Change(by):
                yield measure, by
            case Percent(of):
                yield measure, of
            case int():
                yield measure, entry


def _measures(table: Table) -> Sequence[str]:
    """What each entry of a row is, each by a name of its own."""
    pairs = zip(("", *table.head), table.head, strict=False)
    return [f"{head} of {before} in %" if head == "Share" else head for before, head in pairs]


def safe_cell(value: int | str) -> int | str:
    """A cell that no spreadsheet reckons with."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def sheet_json(sheet: Sheet) -> dict[str, object]:
    """As plain data. A figure that is not shown is its mark, as text; one that does not apply is null."""
    return {
        "year": sheet.year,
        "until": sheet.until.isoformat() if sheet.until else None,
        "title": sheet.title,
        "sentences": list(sheet.sentences),
        "sections": [
            {
                "id": section.id,
                "title": section.title,
                "tables": [_table_json(table) for table in section.tables],
            }
            for section in sheet.sections
        ],
        "notes": list(sheet.notes),
    }


def _table_json(table: Table) -> dict[str, object]:
    return {
        "id": table.id,
        "title": table.title,
        "note": table.note,
        "columns": [table.what, *_measures(table)],
        "rows": [_row_json(row) for row in table.rows],
        "totals": [_row_json(row) for row in table.totals],
    }


def _row_json(row: SheetRow) -> list[int | str | None]:
    return [row.label, *map(_plain, row.entries)]


def _plain(entry: Entry) -> int | str | None:
    match entry:
        case Mark():
            return entry.value
        case Change(number) | Percent(number):
            return number
    return entry
