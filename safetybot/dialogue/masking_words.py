"""Small lists that masking goes by. English: elsewhere, all but the patterns rests on the language's own examples."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_NAMES_FILE = Path(__file__).with_name("names.txt")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


@cache
def names() -> frozenset[str]:
    """Common names and towns, in lower case."""
    lines = _NAMES_FILE.read_text("utf-8").splitlines()
    return frozenset(name for line in lines if not line.startswith("#") for name in line.split()) - ALSO_WORDS


FUNCTION = _set(
    """
    a about after again all also am an and any are aren't around as at away back be because been before being
    but by can can't cant could couldn't did didn't didnt do does doesn't doesnt doing don't dont down even ever
    every everyone for from get gets getting go goes going got had has hasn't have haven't having he he'd he's
    her here hers him his how i i'd i'll i'm i've if im in into is isn't isnt it it's its ive just keep keeps
    like may me might more most much must my never no not now of off ok on once one only or other our out over
    please really said say says she she's should so some somebody someone still than that that's thats the their
    them then there there's these they they're theyre this those to today tomorrow tonight too u under until up
    ur us very want wants was wasn't we were what when where which while who who's why will with won't wont
    would you you're your youre hope hi hello hey yes
    """
)
"""Words that are never a name by themselves, however they are written."""

ALSO_WORDS = _set(
    """
    angel april august autumn brown destiny drew duke faith grant green guy heath heaven hunter joy
    june king marks mercy miles miracle patience precious promise princess rich rocky rugby slough star
    storm summer sunny trinity wade walker ward webb sunshine sky bear bell dale art bill
    """
)
"""Names that are ordinary words too: masked after "my friend" and the like, or with a capital in a sentence."""

KIN = _set(
    """
    friend friends mate bestie bff bf gf boyfriend girlfriend brother sister bro sis cousin uncle aunt auntie ex
    crush teacher coach classmate neighbour stepdad stepmum girl boy man guy kid lad woman person
    """
)
"""After which an ordinary word may be somebody's name."""

TITLES = _set(
    """
    mr mrs ms miss dr sir madam mx
    """
)
"""Before a surname."""

CAPITALS = _set(
    """
    i i'm i'd i've i'll im snapchat snap instagram insta tiktok whatsapp facebook youtube discord roblox
    minecraft fortnite google xbox playstation reddit telegram twitter netflix twitch spotify vinted omegle kik
    yubo wizz onlyfans chatgpt childline ceop samaritans shout fearless barnardo nspcc mum mums mummy dad dads
    daddy nan nana gran grandma grandad auntie uncle stepdad stepmum english french spanish maths science pe ict
    monday tuesday wednesday thursday friday saturday sunday january february march july september october
    november december christmas easter eid uk england scotland wales ireland britain ai gcse gcses ok god muslim
    jewish christian sikh hindu
    """
)
"""Words that are written with a capital, and name nobody."""

HANDLE_IS = _set(
    """
    snap snapchat insta instagram ig tiktok discord roblox xbox psn kik telegram whatsapp twitter yubo wizz
    steam fortnite username user gamertag handle nickname account acc page profile channel server facebook fb
    youtube
    """
)
"""After which comes the name of an account: "my snap is …", "add me on insta …"."""

LIVE_IN = _set(
    """
    live lives lived living stay stays staying moved move house flat home
    """
)
"""Before "in" and the like, and then a place."""

SCHOOLS = _set(
    """
    school skool academy college primary secondary grammar university uni nursery infants juniors
    """
)
"""After the name of one."""

STREETS = _set(
    """
    street road avenue lane crescent rd ave terrace boulevard
    """
)
"""After the name of one."""

STREETS_AFTER_NUMBER = _set(
    """
    drive way close court park place hill square grove gardens house flats view walk row green mews rise st
    """
)
"""The same, where a number stands before that."""

NO_PLACE = _set(
    """
    care foster home house flat fear hospital england uk scotland wales ireland different another
    """
)
"""After "live in", and no place that tells where."""

ANY_SCHOOL = _set(
    """
    primary secondary high middle grammar private boarding special old new whole big same different after before
    local sixth form infant junior public state other next last first everyone go going went from skip miss hate
    love start starting finish finished leave left
    """
)
"""Before "school", and no name of one."""

DESCRIBES = _set(
    """
    private public gone fake real safe mine full new old bad weird down open lost shut theirs his hers best
    worse fine ok okay good scary horrible
    """
)
"""What is said of an account, and is no name of one."""

LEADS_TO = _set("to at from in attend attends called")
"""Before the name of a school."""

COMES_FROM = _set("i'm im am come comes is he's she's hes shes are")
"""Before "from" and a place."""

PERSONS = _set("will may hope")
"""Function words that are names too."""

DOES = _set("is was has keeps said says told sent and hit hits wants did")
"""After "will", "may" or "hope", where that is somebody."""

BEFORE_PERSON = _set("called named with from by im i'm")
"""Before them, likewise."""

NOT_NAMED = _set("i got been get gets being keep keeps") | {""}
"""Before "called", where no name follows: "i got called fat"."""

NO_STREET = _set("main dark busy whole")
"""Before "street", and no name of one."""

TOWN_WORDS = _set("bath reading sandwich deal sale wells bury nice ware hove ash battle")
"""Towns that are ordinary words too: masked straight after "in" and the like, where the word would have an article."""

BEFORE_TOWN = _set("in near to")
"""Before them."""
