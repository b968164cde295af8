from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.reports.handles import (
    TEXT_MAX,
    HandleKind,
    find_handles,
    normalise_account,
    normalise_email,
    normalise_page,
    normalise_phone,
)


def found(text: str) -> set[tuple[str, str]]:
    return {(handle.kind.value, handle.value) for handle in find_handles(text)}


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("he is snap_kid99 on there", "snapkid99"),
        ("@Cool.Guy messaged me", "coolguy"),
        ("snap: dragonlord", "dragonlord"),
        ("insta = Shadow.Fox", "shadowfox"),
        ("roblox username DragonSlayer", "dragonslayer"),
        ("his tiktok is lily.x09 and thats all i know", "lilyx09"),
        ("a user called “midnight-rider”", "midnightrider"),
        ("https://www.instagram.com/Foo.Bar/?igsh=1", "foobar"),
        ("t.me/some_person", "someperson"),
        ("ｓｎａｐ＿ｋｉｄ９９", "snapkid99"),
        ("sna\u200bp_k\u202eid99", "snapkid99"),
    ],
)
def test_accounts(text: str, account: str) -> None:
    assert ("account", account) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "he was in year10 and I am in yr_9, we play fifa23 on ps5 and I had covid19",
        "snap: private",
        "my name is john and his name: peter",
        "on discord he said he would tell everyone",
        "call childline 0800 1111, or 0808 800 5000, or 0300 123 1234",
        "it was on www.tiktok.com and youtube.com",
        "24 11 2026 10:30, 12.05.2026, 2026-11-24",
        "it cost 1000000000 robux",
        "he is 14 and i am 13",
    ],
)
def test_what_names_nobody(text: str) -> None:
    assert found(text) == set()


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("07700 900123", "+447700900123"),
        ("+44 7700 900 123", "+447700900123"),
        ("+44 (0)7700-900-123", "+447700900123"),
        ("0044 7700 900123", "+447700900123"),
        ("447700900123", "+447700900123"),
        ("7700900123", "+447700900123"),
        ("(020) 7946 0018", "+442079460018"),
        ("+1 202 555 0143", "+12025550143"),
    ],
)
def test_numbers(written: str, number: str) -> None:
    assert normalise_phone(written) == number
    assert ("phone number", number) in found(f"he rang me from {written}, twice")


def test_addresses_and_pages() -> None:
    assert found("write to Foo.Bar+x@Googlemail.com") == {("email address", "foobar@gmail.com")}
    assert found("a.b@example.org") == {("email address", "a.b@example.org")}
    assert normalise_email("A.B+c@Example.org") == "a.b@example.org"
    one = "https://www.youtube.com/watch?v=AbC&t=30s&utm_source=x&feature=share"
    assert normalise_page(one) == normalise_page("youtube.com/watch?v=AbC") == "youtube.com/watch?v=AbC"
    assert normalise_page("hxxps://evil[.]example/a//b/#top".replace("[.]", ".")) == "evil.example/a/b"
    assert found("hxxps://evil[.]example/a/b/") == {("page", "evil.example/a/b")}
    assert found("join discord.gg/AbCd1!") == {("page", "discord.gg/AbCd1")}


@given(st.text(max_size=60))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise_account(normalise_account(text)) == normalise_account(text)


@given(st.from_regex(r"[a-z]{3,8}[_.][a-z]{2,6}[0-9]{2,3}", fullmatch=True), st.data())
def test_an_account_is_found_however_it_is_written(name: str, data: st.DataObject) -> None:
    way = data.draw(
        st.sampled_from(["{}", "@{}", "snap: {}", "insta - {}", "“{}”", "his user is {}, ok", "({})", "{}."])
    )
    written = data.draw(st.sampled_from([name, name.upper(), name.title(), name.replace(".", "_")]))
    assert ("account", normalise_account(name)) in found(f"so {way.format(written)} wrote to me")


@given(st.from_regex(r"7[1-9][0-9]{8}", fullmatch=True), st.data())
def test_a_number_is_one_however_it_is_written(digits: str, data: st.DataObject) -> None:
    prefix = data.draw(st.sampled_from(["0", "+44", "+44 (0)", "0044", "0044 ", "+44 "]))
    gaps = data.draw(st.lists(st.sampled_from(["", " ", "-", "."]), min_size=10, max_size=10))
    written = prefix + "".join(digit + gap for digit, gap in zip(digits, gaps, strict=True)).rstrip(" -.")
    assert ("phone number", f"+44{digits}") in found(f"ring {written} now")


@given(st.text(max_size=400))
def test_any_text_is_taken(text: str) -> None:
    for handle in find_handles(text):
        assert handle.value
        assert handle.kind in HandleKind


@pytest.mark.parametrize(
    "wall",
    [
        "a",
        "@",
        "@a",
        "a1_",
        "7",
        "0 ",
        "a.",
        "http://",
        "user ",
        "snap is ",
        "((",
        "a@",
        "a.b@c.",
        "www.",
        "+",
        "/",
        "s:",
    ],
)
def test_a_wall_of_text_takes_no_time(wall: str) -> None:
    text = wall * (TEXT_MAX // len(wall))
    begun = time.process_time()
    find_handles(text)
    assert time.process_time() - begun < 1.5
