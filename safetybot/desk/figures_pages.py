"""The figures of a year: a page that can be printed, and a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from safetybot.desk.charts import LONGEST, chart
from safetybot.desk.context import DeskContext
from safetybot.desk.logins import LoggedIn
from safetybot.desk.routing import member_route
from safetybot.figures.disclosure_control import Mark
from safetybot.figures.sheet import Change, Entry, Percent, Sheet, entry_text
from safetybot.figures.sheet_formats import sheet_csv
from safetybot.figures.sheet_making import read_sheet
from safetybot.figures.sheet_names import SheetNames
from safetybot.figures.yearly import first_year
from safetybot.storage.database import for_reading


def routes(parts: DeskContext) -> Sequence[BaseRoute]:
    """``/figures?year=…`` and ``/figures.csv?year=…``."""
    parts.pages.templates.filters.update(said=entry_text, chart=chart, kind_of_figure=_kind)
    parts.pages.templates.globals.update(LONGEST=LONGEST)

    async def page(request: Request, login: LoggedIn, _: Mapping[str, str]) -> Response:
        sheet, years = await _sheet(parts, request)
        return parts.pages.page(request, "figures.html", login, sheet=sheet, years=years)

    async def file(request: Request, _: LoggedIn, __: Mapping[str, str]) -> Response:
        sheet, _years = await _sheet(parts, request)
        name = f"safetybot-figures-{sheet.year}.csv"
        return Response(
            sheet_csv(sheet).encode(),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return [member_route(parts, "/figures", ["GET"], page), member_route(parts, "/figures.csv", ["GET"], file)]


async def _sheet(parts: DeskContext, request: Request) -> tuple[Sheet, Sequence[int]]:
    """The sheet that is asked for, and the years there are, the newest first. Raises HTTPException for another year."""
    today = parts.clock().date()
    asked = request.query_params.get("year", str(today.year))
    async with for_reading(parts.engine).connect() as connection:
        first = await first_year(connection)
        years = range(today.year, min(first or today.year, today.year) - 1, -1)
        if not (len(asked) == 4 and asked.isascii() and asked.isdecimal() and int(asked) in years):
            raise HTTPException(404)
        return await read_sheet(connection, int(asked), SheetNames.of(parts.guidance().guidance), today), years


def _kind(entry: Entry) -> str:
    """The class of a cell."""
    match entry:
        case Mark():
            return "number held"
        case Change() | Percent(change=True):
            return "number changed"
        case None:
            return "number none"
    return "number"
