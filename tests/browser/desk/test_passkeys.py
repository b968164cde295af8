"""Passkeys in real Chromium, with its virtual authenticator: as members meet them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import CDPSession

from tests.browser.desk.conftest import Sit
from tests.browser.desk.deskwindow import DeskSite, DeskWindow
from tests.reports.office import PASSPHRASE


class VirtualKey:
    """A security key in a window of Chromium."""

    def __init__(self, session: CDPSession, key: str) -> None:
        self._session, self._key = session, key

    @classmethod
    async def plug(cls, window: DeskWindow, *, verifies: bool = True) -> VirtualKey:
        session = await window.context.new_cdp_session(window.page)
        await session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "usb",
            "hasUserVerification": True,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return cls(session, added["authenticatorId"])

    async def credentials(self) -> list[dict[str, Any]]:
        found = await self._session.send("WebAuthn.getCredentials", {"authenticatorId": self._key})
        return list(found["credentials"])

    async def put(self, credential: dict[str, Any]) -> None:
        await self._session.send("WebAuthn.clearCredentials", {"authenticatorId": self._key})
        await self._session.send("WebAuthn.addCredential", {"authenticatorId": self._key, "credential": credential})

    async def knows_owner(self, verified: bool) -> None:
        said = {"authenticatorId": self._key, "isUserVerified": verified}
        await self._session.send("WebAuthn.setUserVerified", said)


@pytest.fixture
def desk(desk: DeskSite) -> DeskSite:
    """The desk, opened under a name."""
    desk.address = desk.address.replace("127.0.0.1", "localhost")
    return desk


async def fills(window: DeskWindow, button: str, **fields: str) -> None:
    for name, value in fields.items():
        await window.page.locator(f"#{name}").fill(value)
    await presses(window, button)


async def presses(window: DeskWindow, button: str) -> None:
    await window.page.get_by_role("button", name=button, exact=True).click()


async def locks(window: DeskWindow) -> None:
    await presses(window, "Lock now")
    await window.page.get_by_text("You locked the desk").wait_for()


@pytest.mark.slow
async def test_a_passkey_from_its_making_to_its_end(sit: Sit, desk: DeskSite) -> None:
    window = await sit("Ada", path="/account")
    page, me, key = window.page, window.seat, await VirtualKey.plug(window)
    window.forgive()
    await window.check("account-no-passkey")
    await fills(window, "Add a passkey", **{"key-name": "Blue key", "pass-passkey": me.passphrase})
    await page.get_by_role("heading", name="New passkey: Blue key").wait_for()
    await window.check("passkey-new")
    await presses(window, "Make the passkey")
    await page.get_by_text("The passkey Blue key is added").wait_for()
    await window.check("account-passkey")
    (made,) = await key.credentials()
    assert made["rpId"] == "localhost"
    # It logs in.
    await locks(window)
    await fills(window, "Go on", name="Ada", passphrase=me.passphrase)
    await page.get_by_role("heading", name="Your second factor").wait_for()
    await window.check("second-passkey")
    await presses(window, "Log in with a passkey")
    await page.get_by_role("heading", name="Queue").wait_for()
    # It stands for the passphrase where that is asked for once more.
    await window.goes("/account")
    codes = page.locator("section", has=page.locator("#h-codes"))
    await codes.get_by_role("button", name="Use a passkey instead").click()
    await page.locator("ul.secret li").first.wait_for()
    assert await page.locator("ul.secret li").count() == 10
    await window.goes("/account")
    assert await page.locator("section", has=page.locator("#h-pass")).get_by_text("Use a passkey instead").count() == 0
    # Who is not known to it gets nowhere.
    await locks(window)
    await fills(window, "Go on", name="Ada", passphrase=me.passphrase)
    await key.knows_owner(False)
    await presses(window, "Log in with a passkey")
    await page.get_by_text("No passkey was shown").wait_for()
    await window.check("second-passkey-wrong")
    await key.knows_owner(True)
    # A copy whose counter stayed behind is refused.
    (newest,) = await key.credentials()
    assert newest["signCount"] > made["signCount"]
    await key.put({**newest, "signCount": 0})
    await presses(window, "Log in with a passkey")
    await page.get_by_text("there may be a copy of it").wait_for()
    await key.put({**newest, "signCount": newest["signCount"] + 10})
    await presses(window, "Log in with a passkey")
    await page.get_by_role("heading", name="Queue").wait_for()
    # And it is removed.
    await window.goes("/account")
    await (
        page.locator("section", has=page.locator("#pass-remove"))
        .get_by_role("button", name="Use a passkey instead")
        .last.click()
    )
    await page.get_by_text("The passkey is removed").wait_for()
    assert await page.get_by_text("Use a passkey instead").count() == 0


@pytest.mark.slow
async def test_a_case_is_exported_and_referred_with_a_passkey(sit: Sit, desk: DeskSite) -> None:
    window = await sit("Ada", path="/account")
    page, me, _ = window.page, window.seat, await VirtualKey.plug(window)
    await fills(window, "Add a passkey", **{"key-name": "Blue key", "pass-passkey": me.passphrase})
    await presses(window, "Make the passkey")
    await page.get_by_text("The passkey Blue key is added").wait_for()
    ref, _ = await desk.station.office.file({"answers": [{"question": "q", "words": "he wants pics"}]})
    await window.goes(f"/cases/{ref.id}")
    await page.get_by_role("button", name="Open").first.click()
    await page.get_by_text("Export the whole case").click()
    for _ in range(2):  # a file leaves the page as it is
        async with page.expect_download() as downloading:
            await presses(window, "Use a passkey instead")
        assert (await downloading.value).suggested_filename == f"case-{ref.short}.json"
    await window.check("case-passkey")
    await window.goes(f"/cases/{ref.id}/referral?to=ceop")
    await page.locator("fieldset input[type=checkbox]").first.check()
    await presses(window, "Use a passkey instead")
    await page.get_by_text("Your passkey was shown. Now choose.").wait_for()
    async with page.expect_download() as downloading:
        await presses(window, "Make it, as JSON")
    assert (await downloading.value).suggested_filename == f"referral-{ref.short}.json"


@pytest.mark.slow
async def test_the_first_second_factor_of_a_new_member(sit: Sit, desk: DeskSite) -> None:
    await desk.station.hire("Ada")
    window = await sit(None)
    page, chosen = window.page, "quiet harbour seven lamps"
    await VirtualKey.plug(window)
    await fills(window, "Go on", name="Ada", passphrase=PASSPHRASE)
    await fills(window, "Keep it and go on", new=chosen, again=chosen)
    await page.get_by_role("heading", name="Or a passkey").wait_for()
    await window.check("enrol-passkey")
    await fills(window, "Set up a passkey", name="Laptop")
    await page.get_by_role("heading", name="Your recovery codes").wait_for()
    await presses(window, "I have them. Go on")
    await page.get_by_role("heading", name="Queue").wait_for()
    await window.goes("/account")
    await page.get_by_text("Laptop, since 24 Nov 2026, for localhost").wait_for()
    await window.check("account-passkey-alone")
    await page.locator("#pass-remove").fill(chosen)
    window.forgive()
    await presses(window, "Remove it")
    await page.get_by_text("This is your only second factor").wait_for()


async def test_without_script_the_page_says_that_a_code_is_needed(sit: Sit, desk: DeskSite) -> None:
    window = await sit("Ada", path="/account")
    await VirtualKey.plug(window)
    me = window.seat
    await fills(window, "Add a passkey", **{"key-name": "Blue key", "pass-passkey": me.passphrase})
    await presses(window, "Make the passkey")
    await window.page.get_by_text("The passkey Blue key is added").wait_for()
    plain = await sit(None, script=False)
    await fills(plain, "Go on", name="Ada", passphrase=me.passphrase)
    await plain.page.get_by_text("A passkey needs JavaScript").wait_for()
    assert await plain.page.get_by_role("button", name="Log in with a passkey").count() == 0
    await fills(plain, "Log in", code=me.phone.code())
    await plain.page.get_by_role("heading", name="Queue").wait_for()
