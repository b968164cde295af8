"""Settings: the environment, then a ``.env`` file, then what is usual."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from safetybot.settings import SettingError, Settings, read_settings
from safetybot.storage.location import shown

TOKEN = "1000:zebedee"


def test_without_any_there_is_what_is_usual() -> None:
    settings = read_settings({}, None)
    assert settings == Settings()
    assert settings.telegram_token is None
    assert settings.telegram_api is None
    assert settings.staff_chat is None
    assert settings.telegram_rate == 30
    assert (settings.webhook_url, settings.webhook_host, settings.webhook_port) == (None, "127.0.0.1", 8080)
    assert settings.data == Path("data")
    assert settings.content == Path("content")
    assert settings.log_format == "text"
    assert (settings.web_host, settings.web_port) == ("127.0.0.1", 8080)
    assert settings.web_url is None
    assert settings.web_proxies == settings.web_embed == ()
    assert settings.web_exit == "https://www.bbc.co.uk/weather"
    assert (settings.desk_host, settings.desk_port, settings.desk_url) == ("127.0.0.1", 8081, None)
    assert (settings.preview_host, settings.preview_port) == ("127.0.0.1", 8082)
    assert (settings.metrics_host, settings.metrics_port, settings.desk_metrics_port) == ("127.0.0.1", None, None)


def test_each_is_read() -> None:
    settings = read_settings(
        {
            "SAFETYBOT_TELEGRAM_TOKEN": TOKEN,
            "SAFETYBOT_TELEGRAM_API": "http://127.0.0.1:9000/",
            "SAFETYBOT_TELEGRAM_RATE": "12.5",
            "SAFETYBOT_WEBHOOK_URL": "https://Bot.example.org/",
            "SAFETYBOT_WEBHOOK_HOST": "0.0.0.0",
            "SAFETYBOT_WEBHOOK_PORT": "8003",
            "SAFETYBOT_STAFF_CHAT": "-1001234567890",
            "SAFETYBOT_DATA": "/srv/data",
            "SAFETYBOT_CONTENT": "/srv/content",
            "SAFETYBOT_LOG_FORMAT": "json",
            "SAFETYBOT_WEB_HOST": "0.0.0.0",
            "SAFETYBOT_WEB_PORT": "8000",
            "SAFETYBOT_WEB_URL": "https://Chat.example.org/",
            "SAFETYBOT_WEB_PROXY": "127.0.0.1, 10.0.0.2",
            "SAFETYBOT_WEB_EMBED": "https://www.school.example/,https://b.example:8443",
            "SAFETYBOT_WEB_EXIT": "https://example.org/news?x=1",
            "SAFETYBOT_DESK_HOST": "0.0.0.0",
            "SAFETYBOT_DESK_PORT": "8001",
            "SAFETYBOT_DESK_URL": "https://Desk.example.org/",
            "SAFETYBOT_PREVIEW_HOST": "localhost",
            "SAFETYBOT_PREVIEW_PORT": "8002",
            "SAFETYBOT_METRICS_HOST": "0.0.0.0",
            "SAFETYBOT_METRICS_NAMES": "bot, Desk.example.org",
            "SAFETYBOT_METRICS_PORT": "9090",
            "SAFETYBOT_DESK_METRICS_PORT": "9091",
            "OTHER": "x",
        },
        None,
    )
    assert settings == Settings(
        telegram_token=TOKEN,
        telegram_api="http://127.0.0.1:9000",
        telegram_rate=12.5,
        webhook_url="https://bot.example.org",
        webhook_host="0.0.0.0",
        webhook_port=8003,
        staff_chat=-1001234567890,
        data=Path("/srv/data"),
        content=Path("/srv/content"),
        log_format="json",
        web_host="0.0.0.0",
        web_port=8000,
        web_url="https://chat.example.org",
        web_proxies=("127.0.0.1", "10.0.0.2"),
        web_embed=("https://www.school.example", "https://b.example:8443"),
        web_exit="https://example.org/news?x=1",
        desk_host="0.0.0.0",
        desk_port=8001,
        desk_url="https://desk.example.org",
        preview_host="localhost",
        preview_port=8002,
        metrics_host="0.0.0.0",
        metrics_names=("bot", "desk.example.org"),
        metrics_port=9090,
        desk_metrics_port=9091,
    )
    assert settings.database == Path("/srv/data/safetybot.sqlite3")
    assert settings.cache == Path("/srv/data/cache")


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_an_empty_one_is_none(value: str) -> None:
    names = ("TELEGRAM_TOKEN", "TELEGRAM_API", "STAFF_CHAT", "DATA", "CONTENT", "LOG_FORMAT")
    assert read_settings({f"SAFETYBOT_{name}": value for name in names}, None) == Settings()


def test_blanks_around_a_value_are_not_part_of_it() -> None:
    assert read_settings({"SAFETYBOT_TELEGRAM_TOKEN": f" {TOKEN}\n"}, None).telegram_token == TOKEN


def test_messages_may_go_as_fast_as_they_can() -> None:
    assert read_settings({"SAFETYBOT_TELEGRAM_RATE": "off"}, None).telegram_rate is None


def test_a_bot_api_server_of_ones_own_posts_anywhere() -> None:
    ours = {"SAFETYBOT_TELEGRAM_API": "http://127.0.0.1:9000", "SAFETYBOT_WEBHOOK_URL": "http://127.0.0.1:8080"}
    assert read_settings(ours, None).webhook_url == "http://127.0.0.1:8080"


def test_the_web_chat_can_be_switched_off() -> None:
    assert read_settings({"SAFETYBOT_WEB_PORT": "off"}, None).web_port is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEB_PORT", "http"),
        ("WEB_PORT", "-1"),
        ("WEB_PORT", "65536"),
        ("WEB_PORT", "٣"),
        ("WEB_URL", "chat.example.org"),
        ("WEB_URL", "https://chat.example.org/path"),
        ("WEB_URL", "https://chat.example.org; script-src *"),
        ("WEB_EMBED", "*"),
        ("WEB_EMBED", "https://*.example.org"),
        ("WEB_EMBED", "https://a.example https://b.example"),
        ("WEB_EXIT", "http://example.org"),
        ("WEB_EXIT", "javascript:alert(1)"),
        ("WEB_EXIT", "https://example.org/ x"),
        ("DESK_PORT", "off"),
        ("DESK_PORT", "65536"),
        ("PREVIEW_PORT", "off"),
        ("PREVIEW_PORT", "65536"),
        ("METRICS_PORT", "http"),
        ("METRICS_NAMES", "bot:9090"),
        ("METRICS_NAMES", "http://bot"),
        ("TELEGRAM_RATE", "0"),
        ("TELEGRAM_RATE", "fast"),
        ("WEBHOOK_PORT", "off"),
        ("WEBHOOK_URL", "http://bot.example.org"),
        ("WEBHOOK_URL", "https://bot.example.org/path"),
        ("WEBHOOK_URL", "https://bot.example.org:8080"),
        ("DESK_METRICS_PORT", "65536"),
        ("DESK_URL", "http://desk.example.org"),
        ("DESK_URL", "https://desk.example.org/path"),
    ],
)
def test_one_of_the_web_that_cannot_be_used(name: str, value: str) -> None:
    settings = {"SAFETYBOT_WEB_URL": "https://chat.example.org", f"SAFETYBOT_{name}": value}
    with pytest.raises(SettingError, match=f"SAFETYBOT_{name}"):
        read_settings(settings, None)


@pytest.mark.parametrize("url", [None, "http://chat.example.org"])
def test_no_frames_without_tls(url: str | None) -> None:
    settings = {"SAFETYBOT_WEB_EMBED": "https://www.school.example"} | ({"SAFETYBOT_WEB_URL": url} if url else {})
    with pytest.raises(SettingError, match="SAFETYBOT_WEB_EMBED"):
        read_settings(settings, None)


@pytest.mark.parametrize("api", ["127.0.0.1:9000", "ftp://example.org", "example.org"])
def test_an_address_that_is_none_is_refused_by_name(api: str) -> None:
    with pytest.raises(SettingError, match="SAFETYBOT_TELEGRAM_API"):
        read_settings({"SAFETYBOT_TELEGRAM_API": api}, None)


@pytest.mark.parametrize("chat", ["5", "-5", " -1001234567890 ", "1234567890123456"])
def test_a_staff_chat_is_a_number(chat: str) -> None:
    assert read_settings({"SAFETYBOT_STAFF_CHAT": chat}, None).staff_chat == int(chat)


@pytest.mark.parametrize(
    "chat", ["@zebedee", "-", "0", "007", "1_000", "-100 1234567890", "−1001234567890", "٣", "1.0", "1e9", "9" * 17]
)
def test_a_staff_chat_that_is_none_is_refused_by_name_and_not_shown(chat: str) -> None:
    with pytest.raises(SettingError, match="SAFETYBOT_STAFF_CHAT") as caught:
        read_settings({"SAFETYBOT_STAFF_CHAT": chat}, None)
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert len(chat) == 1 or chat not in str(caught.value)


def test_the_staff_chat_is_never_shown() -> None:
    assert "987654" not in repr(read_settings({"SAFETYBOT_STAFF_CHAT": "-987654"}, None))


def test_a_log_format_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(SettingError, match="SAFETYBOT_LOG_FORMAT"):
        read_settings({"SAFETYBOT_LOG_FORMAT": "xml"}, None)


def test_the_token_is_never_shown() -> None:
    settings = read_settings({"SAFETYBOT_TELEGRAM_TOKEN": TOKEN}, None)
    assert "zebedee" not in f"{settings} {settings!r}"


class TestEnvFile:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / ".env"

    def test_it_gives_what_the_environment_does_not(self, file: Path) -> None:
        file.write_text("SAFETYBOT_DATA=/from/file\nSAFETYBOT_CONTENT='/with blank'\n# SAFETYBOT_LOG_FORMAT=json\n")
        settings = read_settings({"SAFETYBOT_DATA": "/from/environment"}, file)
        assert settings.data == Path("/from/environment")
        assert settings.content == Path("/with blank")
        assert settings.log_format == "text"

    def test_it_may_be_missing(self, file: Path) -> None:
        assert read_settings({}, file) == Settings()

    def test_a_folder_of_that_name_is_none(self, file: Path) -> None:
        file.mkdir()
        assert read_settings({}, file) == Settings()

    def test_the_processs_environment_is_not_read(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_OF_THE_PROCESS", "zebedee")
        monkeypatch.setenv("SAFETYBOT_CONTENT", "zebedee")
        file.write_text("SAFETYBOT_DATA=${SECRET_OF_THE_PROCESS}\n")
        settings = read_settings({}, file)
        assert settings.data == Path("${SECRET_OF_THE_PROCESS}")
        assert settings.content == Path("content")

    def test_one_that_is_named_must_be_there(self, file: Path) -> None:
        with pytest.raises(SettingError, match=rf"{file} cannot be read \(No such file or directory\)"):
            read_settings({}, file, required=True)

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("SAFETYBOT_DATA /srv/zebedee\n", 1),
            ("# data\n\n\nSAFETYBOT_CONTENT=x\n\nSAFETYBOT_DATA\n", 6),
            ("SAFETYBOT_CONTENT=x\nSAFETYBOT_TELEGRAM_TOKEN='zebedee\nSAFETYBOT_DATA=y\n", 2),
            ("SAFETYBOT_CONTENT=x\n zebedee=\n= 4\n", 3),
        ],
    )
    def test_a_line_that_is_no_setting_is_told_by_its_number(self, file: Path, text: str, line: int) -> None:
        file.write_text(text)
        with pytest.raises(SettingError, match=rf"^{file}:{line}: this line is no NAME=value$"):
            read_settings({}, file)

    def test_what_editors_of_text_leave_is_no_matter(self, file: Path) -> None:
        file.write_bytes(b"\xef\xbb\xbfSAFETYBOT_DATA=/srv\r\n\r\nexport SAFETYBOT_CONTENT = '/c'  # where\r\n")
        assert read_settings({}, file) == Settings(data=Path("/srv"), content=Path("/c"))

    def test_one_that_is_no_text_is_refused_by_name(self, file: Path) -> None:
        file.write_bytes(b"SAFETYBOT_TELEGRAM_TOKEN=zebedee\xff\n")
        with pytest.raises(SettingError, match="not UTF-8") as caught:
            read_settings({}, file)
        assert "zebedee" not in str(caught.value)
        assert str(file) in str(caught.value)


DATABASE = "postgresql+asyncpg://bot@db.example.org:5433/safetybot?ssl=verify-full"


class TestDatabase:
    def test_its_address_takes_the_place_of_the_file(self) -> None:
        settings = read_settings({"SAFETYBOT_DATABASE_URL": DATABASE, "SAFETYBOT_DATA": "/srv"}, None)
        assert settings.database == settings.database_url == make_url(DATABASE)
        assert shown(settings.database) == "safetybot on db.example.org:5433"
        assert settings.secret == Path("/srv/secrets/server.key")

    @pytest.mark.parametrize(
        "text",
        [
            "postgresql://bot@db.example.org:5433/safetybot?sslmode=verify-full",
            "postgres://bot@db.example.org:5433/safetybot?ssl=verify-full",
        ],
    )
    def test_others_spell_it_otherwise(self, text: str) -> None:
        assert read_settings({"SAFETYBOT_DATABASE_URL": text}, None).database == make_url(DATABASE)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("zebedee", r"must look like postgresql\+asyncpg://user@host:5432/name"),
            ("sqlite+aiosqlite:///data/x.sqlite3", r"must begin with postgresql\+asyncpg://"),
            ("mysql://bot:zebedee@db/safetybot", "must begin with"),
            ("postgresql://bot:zebedee@db:port/safetybot", "must look like"),
            ("postgresql://bot:zebedee@db", "names no database"),
            ("postgresql://bot:zebedee@db/safetybot?ssl=yes", "has an ssl that is none of disable, allow"),
            ("postgresql://bot:zebedee@db/safetybot?zebedee=1", "has more behind its"),
        ],
    )
    def test_one_that_cannot_be_used_is_not_shown(self, text: str, why: str) -> None:
        with pytest.raises(SettingError, match=f"SAFETYBOT_DATABASE_URL {why}") as caught:
            read_settings({"SAFETYBOT_DATABASE_URL": text}, None)
        assert "zebedee" not in str(caught.value)

    def test_its_password_may_be_in_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "password"
        file.write_text("p@ss/w:rd\n", "utf-8")
        environ = {"SAFETYBOT_DATABASE_URL": DATABASE, "SAFETYBOT_DATABASE_PASSWORD_FILE": str(file)}
        settings = read_settings(environ, None)
        assert settings.database == make_url(DATABASE).set(password="p@ss/w:rd")
        assert "p@ss" not in f"{settings!r} {settings.database!r} {settings.database} {shown(settings.database)}"

    def test_one_password_is_enough(self, tmp_path: Path) -> None:
        file = tmp_path / "password"
        file.write_text("dougal", "utf-8")
        environ = {"SAFETYBOT_DATABASE_PASSWORD_FILE": str(file)}
        with pytest.raises(SettingError, match="PASSWORD_FILE needs SAFETYBOT_DATABASE_URL"):
            read_settings(environ, None)
        environ["SAFETYBOT_DATABASE_URL"] = "postgresql://bot:zebedee@db/safetybot"
        with pytest.raises(SettingError, match="names one too: keep one") as caught:
            read_settings(environ, None)
        assert not {"zebedee", "dougal"} & {*str(caught.value).split()}


class TestSecretFiles:
    def test_the_token_may_be_in_one(self, tmp_path: Path) -> None:
        file = tmp_path / "token"
        file.write_text(f"{TOKEN}\n", "utf-8")
        environ = {"SAFETYBOT_TELEGRAM_TOKEN_FILE": str(file)}
        assert read_settings(environ, None).telegram_token == TOKEN
        with pytest.raises(SettingError, match="TOKEN and SAFETYBOT_TELEGRAM_TOKEN_FILE are both set"):
            read_settings({**environ, "SAFETYBOT_TELEGRAM_TOKEN": TOKEN}, None)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (None, r"cannot be read \(No such file or directory\)"),
            (b"", "must hold one line"),
            (b"zebedee\ndougal", "must hold one line"),
            (b"zebedee\xff", "is not UTF-8 text"),
        ],
    )
    def test_one_that_holds_none(self, tmp_path: Path, content: bytes | None, why: str) -> None:
        file = tmp_path / "token"
        if content is not None:
            file.write_bytes(content)
        environ = {"SAFETYBOT_TELEGRAM_TOKEN_FILE": str(file)}
        with pytest.raises(SettingError, match=f"SAFETYBOT_TELEGRAM_TOKEN_FILE: .*{why}") as caught:
            read_settings(environ, None)
        assert "zebedee" not in str(caught.value)
