"""The account page of a member whose second factor was reset by another process."""

from __future__ import annotations

from sqlalchemy import delete

from safetybot.storage.tables import second_factors
from tests.desk.station import Station


async def test_new_recovery_codes_after_the_second_factor_was_reset_elsewhere(station: Station) -> None:
    """Found by fuzzing: this was an error page that named no reason."""
    ada = await station.login("Ada")
    async with station.office.engine.begin() as connection:
        await connection.execute(delete(second_factors))
    page = await ada.post("/account/codes", {"passphrase": ada.passphrase})
    assert ada.status == 409
    assert "log in again to set one up" in page.text
