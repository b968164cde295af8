"""Headers, cookies, forms of others, limits, and pages that are no one's fault."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from safetybot.channels.web import WebChat, WebOptions
from safetybot.channels.web.forms import BODY_MAX
from safetybot.channels.web.rate_limits import ADDRESS, ADDRESS_AT_ONCE, AT_ONCE, CHAT, Limits, TooMany
from safetybot.service.rate_limits import MemoryCounts
from tests.channels.web.browsing import HERE, PUBLIC, SCHOOL, Browser, read_page, web_chat
from tests.talking import Bot, Clock

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def options() -> WebOptions:
    return WebOptions(url=PUBLIC, embed=(SCHOOL,))


@pytest.fixture
async def public(bot: Bot, options: WebOptions) -> AsyncIterator[Browser]:
    """A browser at a chat that is reached over TLS."""
    web = web_chat(bot, options)
    browser = Browser(web, PUBLIC)
    await browser.open()
    yield browser
    await web.drain()
    await browser.client.aclose()


def policy(response: httpx.Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in parts}


class TestHeaders:
    @pytest.mark.parametrize(
        "path", ["/", "/nothing", "/say", "/static/chat.js", "/static/nothing", "/robots.txt", "/health", "/leave"]
    )
    async def test_every_answer_has_them(self, browser: Browser, path: str) -> None:
        response = await browser.client.get(path)
        headers = response.headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert "strict-transport-security" not in headers
        assert "server" not in headers
        rules = policy(response)
        assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
        assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
        assert rules["form-action"] == "'self' https://www.bbc.co.uk"
        assert "unsafe" not in headers["content-security-policy"]

    async def test_over_tls_it_stays_so(self, public: Browser) -> None:
        assert public.response.headers["strict-transport-security"]

    async def test_the_cookie_goes_with_the_browser_and_no_script_sees_it(self, browser: Browser) -> None:
        (cookie,) = browser.response.headers.get_list("set-cookie")
        assert re.fullmatch(r"chat=a[\w-]{97}; HttpOnly; Path=/; SameSite=strict", cookie)

    async def test_over_tls_the_cookie_is_this_hosts_alone(self, public: Browser) -> None:
        (cookie,) = public.response.headers.get_list("set-cookie")
        assert re.fullmatch(r"__Host-chat=a[\w-]{97}; HttpOnly; Path=/; SameSite=strict; Secure", cookie)

    async def test_there_is_one_cookie_and_it_is_set_once(self, browser: Browser) -> None:
        await browser.open()
        assert "set-cookie" not in browser.response.headers
        assert len(browser.client.cookies) == 1

    async def test_a_page_asks_nobody_else_for_anything(self, browser: Browser) -> None:
        page = await browser.open()
        loaded = [each.get(name) for each in page for name in ("src", "href", "action") if each.tag != "a"]
        assert [address for address in loaded if address and not re.match(r"/(?!/)", address)] == []
        assert page.find("style") == []
        assert [each for each in page if any(name == "style" or name[:2] == "on" for name in each.attributes)] == []
        assert all(script.get("src") and not script.children for script in page.find("script"))
        for name in ("chat.js", "chat.css", "icon.svg"):
            text = (await browser.client.get(f"/static/{name}")).text
            assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text) == []
            assert "localStorage" not in text
            assert "sessionStorage" not in text

    async def test_links_away_tell_nothing(self, browser: Browser) -> None:
        await browser.say("/urgent")
        links = [each for each in browser.page.find("a") if each.get("href").startswith("http")]
        assert links
        for link in links:
            assert (link.get("rel"), link.get("target")) == ("noopener noreferrer", "_blank")
            assert "opens in a new tab" in link.text

    async def test_no_file_can_be_chosen(self, browser: Browser) -> None:
        assert browser.page.find("input", type="file") == []


class TestOtherNames:
    async def test_another_hosts_name_is_not_answered_to(self, web: WebChat) -> None:
        browser = Browser(web, "http://evil.example")
        await browser.open()
        assert browser.response.status_code == 421
        assert browser.cookie is None
        await browser.client.aclose()

    @pytest.mark.parametrize("base", ["http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:8080"])
    async def test_our_own_names_are(self, web: WebChat, base: str) -> None:
        browser = Browser(web, base)
        await browser.open()
        assert browser.response.status_code == 200
        await browser.client.aclose()

    @pytest.mark.parametrize("options", [WebOptions(host="0.0.0.0"), WebOptions(host="::")])
    def test_on_every_address_without_a_name_any_is(self, options: WebOptions) -> None:
        assert options.hosts is None


class TestForgery:
    @pytest.mark.parametrize(
        "headers",
        [
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "https://evil.example"},
            {"origin": f"{HERE}.evil.example"},
            {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
        ],
    )
    @pytest.mark.parametrize("form", ["say", "hide"])
    async def test_a_form_of_another_site(self, browser: Browser, form: str, headers: dict[str, str]) -> None:
        await browser.say("hello")
        before = len(browser.entries)
        await browser.submit(form, {"text": "hello"}, **headers)
        assert browser.response.status_code == 403
        await browser.open()
        assert len(browser.entries) == before

    @pytest.mark.parametrize(
        "headers",
        [{}, {"origin": "null"}, {"origin": HERE}, {"sec-fetch-site": "same-origin", "origin": "null"}],
    )
    async def test_a_form_of_ours(self, browser: Browser, headers: dict[str, str]) -> None:
        """With ``no-referrer``, browsers say ``null`` for the origin of a form."""
        await browser.submit("say", {"text": "hello"}, **headers)
        assert browser.response.status_code == 200
        assert len(browser.entries) > 1

    @pytest.mark.parametrize("token", ["", "0" * 48, "x", "a" * 100])
    async def test_a_token_that_is_none(self, browser: Browser, token: str) -> None:
        await browser.submit("say", {"text": "hello", "token": token})
        assert browser.response.status_code == 403

    async def test_the_token_of_another_chat(self, web: WebChat, browser: Browser) -> None:
        other = Browser(web)
        await other.open()
        _, fields = other.form("say")
        await browser.submit("say", {"text": "hello", **fields})
        assert browser.response.status_code == 403
        await other.client.aclose()

    @pytest.mark.parametrize("cookie", [None, "", "a", "c" + "x" * 43, "a" + "x" * 44, "a" + "." * 43])
    async def test_without_our_cookie(self, browser: Browser, cookie: str | None) -> None:
        action, fields = browser.form("say")
        browser.client.cookies.clear()
        headers = {} if cookie is None else {"cookie": f"chat={cookie}"}
        response = await browser.post(action, {**fields, "text": "hello"}, **headers)
        assert response.status_code == 403

    async def test_a_script_gets_a_new_token_for_an_old_page(self, browser: Browser) -> None:
        await browser.say("hello")
        response = await browser.client.get("/?seen=0", headers={"accept": "application/json"})
        fields = {"token": response.json()["token"], "text": "hello again"}
        assert (await browser.post("/say", fields)).status_code == 303


def help_of(html: str) -> set[str]:
    return {each.get("href") for each in read_page(html).find("a")}


class TestNoOnesFault:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/nothing", 404),
            ("GET", "/static/../app.py", 404),
            ("GET", "/static/%2e%2e/app.py", 404),
            ("GET", "/embed", 404),
            ("GET", "/embed.js", 404),
            ("GET", "/say", 405),
            ("DELETE", "/", 405),
            ("PUT", "/leave", 405),
            ("GET", "/say/", 404),
        ],
    )
    async def test_no_such_page(self, browser: Browser, method: str, path: str, status: int) -> None:
        response = await browser.client.request(method, path)
        assert response.status_code == status
        page = read_page(response.text)
        assert {"tel:999", "tel:08001111"} <= help_of(response.text)
        assert "Leave now" in page.text
        assert page.find("a", href="/")
        assert page.find("link", href="/static/chat.css")

    async def test_far_too_much(self, browser: Browser) -> None:
        for body in (b"text=" + b"x" * BODY_MAX, b"x" * 10 * BODY_MAX):
            response = await browser.client.post("/say", content=body, headers=FORM)
            assert response.status_code == 413
            assert {"tel:999", "tel:08001111"} <= help_of(response.text)

    async def test_far_too_much_that_does_not_say_so(self, browser: Browser) -> None:
        async def more() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"x" * 1024

        response = await browser.client.post("/say", content=more(), headers=FORM)
        assert response.status_code == 413

    async def test_the_longest_message_fits(self, browser: Browser) -> None:
        await browser.submit("say", {"text": "🫶" * 4000})
        assert browser.response.status_code == 200

    @pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", "text/plain", ""])
    async def test_anything_but_a_form(self, browser: Browser, kind: str) -> None:
        response = await browser.client.post("/say", content=b"{}", headers={"content-type": kind})
        assert response.status_code == 400
        assert "tel:999" in help_of(response.text)

    async def test_too_many_fields(self, browser: Browser) -> None:
        response = await browser.client.post("/say", content=b"a=1&" * 100, headers=FORM)
        assert response.status_code == 400

    async def test_a_press_too_long_to_be_ours(self, browser: Browser) -> None:
        await browser.submit("press", {"press": "x" * 65})
        assert browser.response.status_code == 400

    async def test_something_fails(
        self,
        web: WebChat,
        browser: Browser,
        bot: Bot,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        monkeypatch.setattr(bot.understanding.conversation, "language", lambda *wanted: "en")
        monkeypatch.setattr(bot.service, "greeting", None)
        await browser.client.aclose()
        stranger = Browser(web)
        await stranger.open()
        assert stranger.response.status_code == 500
        assert {"tel:999", "tel:08001111"} <= help_of(stranger.response.text)
        assert "TypeError" not in stranger.response.text
        assert "Traceback" not in stranger.response.text + caplog.text
        await stranger.client.aclose()

    async def test_a_script_is_told_in_words_to_show(self, browser: Browser) -> None:
        response = await browser.post("/say", {"text": "x"}, accept="application/json")
        assert response.status_code == 403
        assert {"tel:999", "tel:08001111"} <= help_of(response.json()["problem"])


class TestLimits:
    async def test_too_many_get_a_page_with_help_and_danger_is_answered(self, bot: Bot, browser: Browser) -> None:
        for _ in range(CHAT.most):
            await browser.submit("press", {"press": "topics"})
            assert browser.response.status_code == 200
        await browser.submit("press", {"press": "topics"})
        assert browser.response.status_code == 429
        assert browser.response.headers["retry-after"] == "60"
        assert {"tel:999", "tel:08001111"} <= help_of(browser.response.text)
        await browser.open()
        # Whoever may be in danger is answered all the same.
        (_, card, *_) = await browser.say("he has a knife and he is at my door")
        assert browser.response.status_code == 200
        assert "999" in card.text
        await browser.submit("press", {"press": "now"})
        assert browser.response.status_code == 200
        await browser.submit("press", {"press": "topics"})
        assert browser.response.status_code == 429
        bot.clock.forward(60)
        await browser.open()
        await browser.submit("press", {"press": "topics"})
        assert browser.response.status_code == 200

    async def test_one_chat_does_not_use_up_anothers(self) -> None:
        limits = Limits(MemoryCounts(Clock()), addresses=False)
        for _ in range(CHAT.most):
            async with limits.turn("a", "10.0.0.1"):
                pass
        with pytest.raises(TooMany):
            async with limits.turn("a", "10.0.0.1"):
                pass
        async with limits.turn("b", "10.0.0.1"):
            pass

    async def test_one_address_has_its_own(self) -> None:
        limits = Limits(MemoryCounts(Clock()), addresses=True)
        for number in range(ADDRESS.most):
            async with limits.turn(f"chat {number}", "10.0.0.1"):
                pass
        with pytest.raises(TooMany):
            async with limits.turn("another", "10.0.0.1"):
                pass
        async with limits.turn("another", "10.0.0.2"):
            pass

    async def test_no_more_at_once_than_can_be_answered(self) -> None:
        limits = Limits(MemoryCounts(Clock()), addresses=False)
        turns = [limits.turn(f"chat {number}", None) for number in range(AT_ONCE)]

        async def in_danger() -> bool:
            return True

        for turn in turns:
            await turn.__aenter__()
        with pytest.raises(TooMany):
            async with limits.turn("one more", None):
                pass
        async with limits.turn("in danger", None, in_danger):
            pass
        await turns[0].__aexit__(None, None, None)
        async with limits.turn("one more", None):
            pass

    async def test_one_address_holds_no_more_at_once_than_its_part(self) -> None:
        limits, judged = Limits(MemoryCounts(Clock()), addresses=True), list[str]()

        async def in_danger() -> bool:
            judged.append("once")
            return True

        turns = [limits.turn(f"chat {number}", "10.0.0.1") for number in range(ADDRESS_AT_ONCE)]
        turns += [limits.turn(f"danger {number}", "10.0.0.1", in_danger) for number in range(ADDRESS_AT_ONCE)]
        for turn in turns:
            await turn.__aenter__()
        assert len(judged) == ADDRESS_AT_ONCE
        with pytest.raises(TooMany):  # judging takes time too
            async with limits.turn("one more", "10.0.0.1", in_danger):
                pass
        async with limits.turn("another", "10.0.0.2"):
            pass
        for turn in turns:
            await turn.__aexit__(None, None, None)
        assert not limits._of_address


class TestInAFrame:
    @pytest.fixture
    async def framed(self, public: Browser) -> Browser:
        public.client.cookies.clear()
        public.client.headers["sec-fetch-site"] = "same-origin"
        await public.open("/embed")
        return public

    async def test_only_those_on_the_list_may_frame_it_and_only_there(self, framed: Browser) -> None:
        assert policy(framed.response)["frame-ancestors"] == SCHOOL
        assert "x-frame-options" not in framed.response.headers
        await framed.open("/")
        assert policy(framed.response)["frame-ancestors"] == "'none'"
        assert framed.response.headers["x-frame-options"] == "DENY"
        assert policy(await framed.client.get("/embedded"))["frame-ancestors"] == "'none'"

    async def test_it_needs_no_cookie(self, framed: Browser) -> None:
        assert "set-cookie" not in framed.response.headers
        own, *answers = await framed.say("hello there")
        assert own
        assert answers
        assert framed.response.status_code == 200
        assert "set-cookie" not in framed.response.headers
        await framed.press("All topics")
        assert len([each for each in framed.entries if "own" in each.classes]) == 2
        assert [each.get("id") for each in framed.entries if each.get("id") == "new"] == ["new"]
        assert framed.form("say")[0] == "/embed/say#new"

    async def test_its_name_is_never_in_an_address(self, framed: Browser) -> None:
        await framed.say("hello there")
        _, fields = framed.form("say")
        name = fields["chat"][1:]
        addresses = [each.get(what) for each in framed.page for what in ("href", "action", "src")]
        assert not any(name in address for address in addresses)
        assert name not in str(framed.response.url)

    async def test_a_name_that_somebody_else_made_up_is_not_taken_from_another_site(self, framed: Browser) -> None:
        """They would read along."""
        action, fields = framed.form("say")
        del framed.client.headers["sec-fetch-site"]
        for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "null"}, {}):
            response = await framed.post(action, {**fields, "text": "hello"}, **headers)
            assert response.status_code == 403
            # An old browser that does not say where a form comes from is led to the chat on its own page.
            assert read_page(response.text).find("a", href="/", target="_blank")
        assert (await framed.post(action, {**fields, "text": "hello"}, origin=PUBLIC)).status_code == 200

    async def test_leaving_leaves_the_whole_page(self, bot: Bot, framed: Browser) -> None:
        await framed.say("hello there")
        (form,) = framed.page.find("form", id="leave")
        assert form.get("target") == "_top"
        _, fields = framed.form("leave")
        response = await framed.post("/embed/leave", fields)
        assert response.status_code == 303
        assert response.headers["location"] == "https://www.bbc.co.uk/weather"

    async def test_hiding_and_coming_back_after_a_break(self, bot: Bot, framed: Browser) -> None:
        await framed.say("zebedee")
        await framed.submit("hide")
        assert "zebedee" not in framed.text
        bot.clock.forward(hours=1)
        await framed.press("Help now") if "Help now" in framed.buttons else await framed.submit(
            "press", {"press": "now"}
        )
        assert "I've cleared this page" in framed.text
        await framed.submit("/embed/again", {"how": "new"})
        assert len(framed.entries) == 1
        assert await framed.say("hello")

    async def test_the_script_for_other_sites(self, public: Browser) -> None:
        response = await public.client.get("/embed.js")
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/javascript")
        assert response.headers["cross-origin-resource-policy"] == "cross-origin"
        assert '"open": "Chat about online safety"' in response.text
        assert "/* words */" not in response.text
        assert "cookie" not in response.text


async def test_a_lifespan_ends_what_was_begun(web: WebChat, browser: Browser, bot: Bot) -> None:
    """The server waits for the chats that were left."""
    await browser.say("hello")
    sent: list[str] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(str(message["type"]))

    steps = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, object]:
        step = next(steps)
        if step == "lifespan.shutdown":
            await browser.submit("leave")
        return {"type": step}

    scope: Scope = {"type": "lifespan", "state": {}}
    await web.app(scope, _typed(receive), _sent(send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert not web._chats._ending


def _typed(receive: object) -> Receive:
    return receive  # type: ignore[return-value]


def _sent(send: object) -> Send:
    return send  # type: ignore[return-value]
