"""Asks browsers for passkeys: for which name, and what a page needs for it."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from safetybot.desk.context import DeskContext
from safetybot.desk.logins import LoggedIn
from safetybot.staff import passkeys
from safetybot.staff.passkeys import Site, passkeys_of


def site_of(parts: DeskContext, request: Request) -> Site | None:
    """What passkeys are made for at the address at which the desk was opened; None where there can be none.

    A passkey belongs to a name: an IP address has none, and the desk's own name is the one in SAFETYBOT_DESK_URL.
    Browsers take them over TLS only, and from ``localhost``.
    """
    host = request.url.hostname or ""
    url = parts.options.url
    if url is None:
        return Site(host, f"{request.url.scheme}://{request.url.netloc}") if host == "localhost" else None
    name = urlsplit(url).hostname or ""
    return Site(name, url.removesuffix(":443")) if host == name and not _is_address(name) else None


async def look_for_passkeys(parts: DeskContext, request: Request, login: LoggedIn) -> None:
    """Note whether a member has passkeys that could be shown where they are."""
    site = site_of(parts, request)
    async with parts.engine.connect() as connection:
        login.has_passkeys = any(site and each.site == site.id for each in await passkeys_of(connection, login.member))


async def ask_for_one(parts: DeskContext, request: Request, login: LoggedIn) -> str:
    """JSON that asks for one of the member's passkeys; empty where they have none for this address."""
    site, login.asked = site_of(parts, request), None
    if site is not None:
        async with parts.engine.connect() as connection:
            there = [each for each in await passkeys_of(connection, login.member) if each.site == site.id]
        if there:
            login.asked = await passkeys.ask_for(site, there)
    return login.asked.options if login.asked else ""


async def ask_for_new(parts: DeskContext, request: Request, login: LoggedIn) -> dict[str, Any]:
    """What a page shows that makes one: ``options``, empty where there can be none, and the ``address`` for that."""
    site, login.asked = site_of(parts, request), None
    if site is not None:
        async with parts.engine.connect() as connection:
            login.asked = await passkeys.ask_new(login.member, site, await passkeys_of(connection, login.member))
    return {"options": login.asked.options if login.asked else "", "address": named_address(parts, request)}


def named_address(parts: DeskContext, request: Request) -> str:
    """The address at which passkeys can be used; empty where the desk has no name."""
    url = parts.options.url
    if url is not None:
        return "" if _is_address(urlsplit(url).hostname or "") else url
    return f"http://localhost:{request.url.port or 80}" if parts.options.local else ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
