"""What names somebody or something in a text and can be compared: accounts, telephone numbers, addresses, pages.

A text is somebody's own words, typed in haste or hostile; nothing here raises, and the time is linear in its length.
What is found is a hint for a person to judge, never a finding.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit

TEXT_MAX = 65_536
"""Characters of one case that are looked at."""
ACCOUNT_MIN, ACCOUNT_MAX = 4, 40


class HandleKind(StrEnum):
    """What a handle is."""

    ACCOUNT = "account"
    PHONE = "phone number"
    EMAIL = "email address"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Handle:
    """A name that can be compared."""

    kind: HandleKind
    value: str
    """Normalised."""
    written: str
    """As it was written."""


def find_handles(text: str) -> tuple[Handle, ...]:
    """Every handle in a text, each once, in the order of their kinds."""
    text = _plain(text[:TEXT_MAX])
    pages, rest = _pages(text)
    emails, rest = _emails(rest)
    phones, rest = _phones(rest)
    found: dict[tuple[HandleKind, str], Handle] = {}
    for handle in (*pages, *emails, *phones, *_accounts(rest)):
        found.setdefault((handle.kind, handle.value), handle)
    return tuple(found.values())


def _plain(text: str) -> str:
    """In one way of writing: full-width letters are plain, and what is not to be seen is gone."""
    if not text.isascii():
        # Half a character has no place in an address.
        folded = unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode())
        text = "".join(letter for letter in folded if letter.isascii() or unicodedata.category(letter) != "Cf")
    return text.replace("[.]", ".").replace("(.)", ".")


# --- Accounts ------------------------------------------------------------------------------------------------------

_PLATFORMS = (
    r"snap(?:chat)?|sc|insta(?:gram)?|ig|tik ?tok|tt|discord|roblox|rblx|telegram|tg|whats ?app|twitter|x|twitch|steam"
    r"|xbox|psn|playstation|fortnite|epic|minecraft|yubo|wizz|kik|omegle|facebook|fb|messenger|signal|reddit|youtube|yt"
    r"|wink|bereal|tumblr|vsco|ask ?fm|onlyfans|skype|viber|line"
)
_WHAT = r"(?:user ?-?name|user|account|acct?|handle|tag|gamer ?tag|profile|screen ?name)"
_NAMED = r"[\w](?:[\w.-]{2,38})\w"
_AT = re.compile(rf"(?<![\w@./])@({_NAMED})")
_TAGGED = re.compile(
    rf"(?<![\w@])(?:(?:{_PLATFORMS})(?: (?:{_WHAT}|add|id|name))?|{_WHAT})(?: is| was|'s)?"
    rf"\s{{0,3}}([:=]|[–-]|\bcalled\b|\bis\b|\s)\s{{0,3}}[\"'“‘(@]{{0,2}}({_NAMED})",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?<![\w@.-])(?=[\w.-]{0,39}[\d_])([^\W\d_][\w.-]{3,39})(?![\w@])")
_AGE_OR_SCHOOL = re.compile(
    r"(?:year|yr|yrs|class|room|age|aged|ks|top|level|lvl|part|day|form|page|no|number|fifa|fc|ps|xbox|covid|gta|iphone"
    r"|ipad|ios|android|windows|a|s|b|m|galaxy|web|mp|h|pm|am|chapter|season|ep|bo|cod|nba|f|ww|key|stage)[._-]?\d+",
    re.IGNORECASE,
)
_COMMON_WORDS = """
everyone everybody here channel admin mods moderator account accounts username user name names private public fake
real same different deleted blocked gone unknown called that this they them their there with from have been were
what when which where because just like also only other another someone somebody nothing anyone friend friends chat
chats group groups story stories message messages video videos picture pictures photo photos pics phone mobile
number dont don't know maybe something thing things still about after before always never really please sister
brother mum mums dad school police teacher childline ceop help none idea kept sent said says told asked keeps wants
want made make sending asking saying calling snapchat instagram tiktok discord roblox telegram whatsapp twitter
twitch steam fortnite minecraft facebook messenger youtube reddit onlyfans kik omegle yubo wizz streak streaks score
scores code codes live lives open closed banned hacked stolen long short very mine yours hers under over mate bestie
boyfriend girlfriend game games gaming player players server servers online offline profile https http www
"""
_COMMON = frozenset(_COMMON_WORDS.split())
"""Words after which no case is like another, though they stand where a name may stand."""


def normalise_account(name: str) -> str:
    """An account's name as it is compared: letters and digits alone. ``@Snap_Kid.99`` and ``snapkid99`` are one."""
    folded = unicodedata.normalize("NFKC", _plain(name).casefold())
    return "".join(letter for letter in folded if letter.isalnum())


def _accounts(text: str) -> Iterator[Handle]:
    for match in _AT.finditer(text):
        yield from _account(match[1])
    for match in _TAGGED.finditer(text):
        # After a sign a plain word may be a name; after "is" or a space it has to look like one.
        told = match[1] in (":", "=") or match[1].lower() == "called"
        if told or _looks_like_one(match[2]) or re.search(r"[a-z][A-Z]", match[2]):
            yield from _account(match[2])
    for match in _BARE.finditer(text):
        if _looks_like_one(match[1].rstrip(".-")):
            yield from _account(match[1])


def _looks_like_one(token: str) -> bool:
    """A word with digits at its end or within, or an underscore: no ordinary word has them."""
    token = token.strip("._-")
    if _AGE_OR_SCHOOL.fullmatch(token):
        return False
    letters = sum(letter.isalpha() for letter in token)
    digits = sum(letter.isdigit() for letter in token)
    return letters >= 3 and (digits >= 2 or "_" in token) and not token[0].isdigit()


def _account(written: str) -> Iterator[Handle]:
    written = written.rstrip("._-")
    value = normalise_account(written)
    if ACCOUNT_MIN <= len(value) <= ACCOUNT_MAX and written.casefold() not in _COMMON and value not in _COMMON:
        yield Handle(HandleKind.ACCOUNT, value, written)


# --- Pages ---------------------------------------------------------------------------------------------------------

_ENDINGS = (
    "com|co|uk|org|net|gg|me|tv|io|app|chat|ly|link|be|info|xyz|live|site|online|gl|fm|to|ru|in|us|eu|cc|biz|social|st"
)
_PAGE = re.compile(
    rf"(?:h(?:tt|xx)ps?://[^\s<>\"'“”‘’()]{{3,500}}"
    rf"|(?<![\w@.-])(?:[a-z0-9-]{{1,63}}\.){{1,4}}(?:{_ENDINGS})(?:/[^\s<>\"'“”‘’()]{{0,500}})?(?![\w@]))",
    re.IGNORECASE,
)
_TRACKING = re.compile(
    r"utm_.*|fbclid|gclid|dclid|msclkid|igshid?|igsh|si|s|t|_[rt]|feature|share(_.*)?|ref(_.*)?|mibextid|lang|hl|source"
    r"|sender_.*|is_from_.*|sec_.*|tt_.*|u_code|preview_pb|timestamp|web_id|checksum|mc_[a-z]+|from|context",
    re.IGNORECASE,
)
_OF_A_PROFILE = re.compile(
    r"(?:instagram\.com|tiktok\.com|twitter\.com|x\.com|t\.me|snapchat\.com/add|youtube\.com|facebook\.com|twitch\.tv"
    r"|reddit\.com/u(?:ser)?|kik\.me|threads\.net)/@?([\w.-]{3,40})/?"
)
_NO_PROFILE = frozenset(
    [
        "p",
        "reel",
        "reels",
        "watch",
        "stories",
        "explore",
        "share",
        "add",
        "user",
        "channel",
        "groups",
        "events",
        "status",
    ]
)


def normalise_page(address: str) -> str | None:
    """Host and path, without what only follows who clicked; None where it leads to no page of anybody's."""
    if not re.match(r"h(?:tt|xx)ps?://", address, re.IGNORECASE):
        address = f"https://{address}"
    try:
        parts = urlsplit(address.rstrip(".,;:!?…*_~|"))
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("mobile.")
        query = [(key, value) for key, value in parse_qsl(parts.query) if not _TRACKING.fullmatch(key)]
    except ValueError:
        return None
    path = re.sub(r"/{2,}", "/", parts.path).rstrip("/")
    if "." not in host or not (path or query):
        return None
    if _OF_A_PROFILE.fullmatch(f"{host}{path}".casefold()):
        path = path.casefold()
    return f"{host}{path}" + (f"?{urlencode(sorted(query))}" if query else "")


def _pages(text: str) -> tuple[list[Handle], str]:
    found: list[Handle] = []

    def take(match: re.Match[str]) -> str:
        page = normalise_page(match[0])
        if page is not None:
            found.append(Handle(HandleKind.PAGE, page, match[0]))
            profile = _OF_A_PROFILE.fullmatch(page)
            if profile and profile[1] not in _NO_PROFILE:
                found.extend(_account(profile[1]))
        return " "

    return found, _PAGE.sub(take, text)


# --- Addresses and numbers -----------------------------------------------------------------------------------------

_EMAIL = re.compile(r"(?<![\w.+-])([\w.+-]{1,64})@((?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24})(?![\w@])", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w+/#.-])(?:\+|00)?\(?\d(?:[\s().-]{0,3}\d){8,15}(?![\w/#])")


def normalise_email(address: str) -> str:
    """Small letters; without what stands after a plus; dots of Gmail, which Gmail does not see, left out."""
    name, _, host = address.casefold().rpartition("@")
    name = name.partition("+")[0] or name
    if host in ("gmail.com", "googlemail.com"):
        name, host = name.replace(".", ""), "gmail.com"
    return f"{name}@{host}"


def normalise_phone(number: str) -> str | None:
    """``+447700900123`` for a number of the UK or with a country; None for other digits, and for lines of services."""
    digits = re.sub(r"\D", "", number.replace("(0)", ""))
    if number.strip().lstrip("(").startswith("+"):
        national = f"+{digits}"
    elif digits.startswith("00"):
        national = f"+{digits[2:]}"
    elif digits.startswith("0") and len(digits) in (10, 11):
        national = f"+44{digits[1:]}"
    elif digits.startswith("7") and len(digits) == 10:
        national = f"+44{digits}"
    elif digits.startswith("447") and len(digits) == 12:
        national = f"+{digits}"
    else:
        return None
    # A freephone or 03 number is a helpline's, which many name.
    if re.match(r"\+44(?:800|808|3)", national) or not 9 <= len(national) <= 16:
        return None
    return national


def _emails(text: str) -> tuple[list[Handle], str]:
    found = [
        Handle(HandleKind.EMAIL, normalise_email(match[0]), match[0])
        for match in _EMAIL.finditer(text)
        if match[1].strip(".+-")
    ]
    return found, _EMAIL.sub(" ", text)


def _phones(text: str) -> tuple[list[Handle], str]:
    found = []
    for match in _PHONE.finditer(text):
        number = normalise_phone(match[0])
        if number is not None:
            found.append(Handle(HandleKind.PHONE, number, match[0].strip()))
    return found, _PHONE.sub(" ", text)
