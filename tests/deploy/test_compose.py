"""compose.yaml: what it may not lose as it changes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from safetybot.settings import read_settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text("utf-8")
OURS = ("bot", "desk")
SECRETS = {"telegram_token": "1:token", "database_password": "a password"}
ENVIRON = {"CHAT_URL": "https://chat.example.org", "DESK_URL": "https://desk.example.org:9443"}


def interpolated(text: str, environ: dict[str, str]) -> str:
    """As docker compose fills in ``${NAME:-other}`` and ``${NAME:?why}``."""

    def value(match: re.Match[str]) -> str:
        name, how, other = match.groups()
        if name not in environ and how == "?":
            raise KeyError(name)
        return environ.get(name) or other

    return re.sub(r"\$\{(\w+):([-?])([^}]*)\}", value, text)


COMPOSE: dict[str, Any] = yaml.safe_load(interpolated(TEXT, ENVIRON))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_it_is_of_the_compose_specification() -> None:
    copied = json.loads(json.dumps(COMPOSE))
    for service in copied["services"].values():
        # This reader of the specification takes a tag or a digest, where Docker takes both.
        service["image"] = re.sub(r":[^:@]+@", "@", service["image"])
    compose_spec.PyCompose.from_json(json.dumps(copied)).validate()


def test_it_does_not_start_without_the_addresses() -> None:
    for missing in ENVIRON:
        with pytest.raises(KeyError, match=missing):
            interpolated(TEXT, {name: value for name, value in ENVIRON.items() if name != missing})


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_kept_small(name: str) -> None:
    service = SERVICES[name]
    uid, _, gid = service["user"].partition(":")
    assert int(uid) > 0 < int(gid)
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    limits = service["deploy"]["resources"]["limits"]
    assert {"cpus", "memory", "pids"} <= set(limits)
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))
    for namespace in ("network_mode", "pid", "ipc", "userns_mode"):
        assert namespace not in service


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned(name: str) -> None:
    image = SERVICES[name]["image"]
    if name in OURS:
        assert SERVICES[name]["build"] == "."
        version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
        assert version
        assert image == f"safetybot:{version[1]}"
    else:
        assert re.fullmatch(r"[a-z]+:\d+\.\d+[.\w-]*@sha256:[0-9a-f]{64}", image)


def test_every_service_has_a_health_check() -> None:
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()  # which is the bot's
    for name in ("desk", "database", "proxy"):
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    for name in OURS:
        assert SERVICES[name]["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_the_proxy_alone_is_reached_from_outside_and_the_desk_from_here_alone() -> None:
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["proxy"]
    assert SERVICES["proxy"]["ports"] == ["0.0.0.0:80:8080", "0.0.0.0:443:8443", "127.0.0.1:9443:9443"]
    # Somebody may publish the desk somewhere else, and must say where; nobody else's variable opens it.
    assert '"${DESK_BIND:-127.0.0.1}:9443:9443"' in TEXT


def test_who_reaches_whom() -> None:
    networks = COMPOSE["networks"]
    assert {name for name, network in networks.items() if network.get("internal")} == {"database", "desk", "chat"}
    members = {net: {name for name, each in SERVICES.items() if net in each["networks"]} for net in networks}
    assert members == {
        "edge": {"proxy"},
        "outside": {"bot"},
        "database": {"bot", "desk", "database"},
        "desk": {"proxy", "desk"},
        "chat": {"proxy", "bot"},
    }
    # Nobody but the proxy gets the address whose X-Forwarded-For is believed.
    (subnet,) = networks["chat"]["ipam"]["config"]
    address = SERVICES["proxy"]["networks"]["chat"]["ipv4_address"]
    assert SERVICES["bot"]["environment"]["SAFETYBOT_WEB_PROXY"] == address == "172.30.77.2"
    assert subnet == {"subnet": "172.30.77.0/24", "ip_range": "172.30.77.128/25"}


def test_every_secret_is_a_file() -> None:
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    assert all(secret["file"].startswith("./secrets/") for secret in COMPOSE["secrets"].values())
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("TOKEN|PASSWORD|SECRET|KEY", name):
                assert name.endswith("_FILE")
                assert value.startswith("/run/secrets/")
    assert all("://safetybot@" in SERVICES[name]["environment"]["SAFETYBOT_DATABASE_URL"] for name in OURS)
    # Each gets what it needs and no more.
    given = {n: {s if isinstance(s, str) else s["source"] for s in SERVICES[n].get("secrets", [])} for n in SERVICES}
    assert given == {
        "bot": {"telegram_token", "database_password", "server_key"},
        "desk": {"database_password", "desk_key"},
        "database": {"database_password"},
        "proxy": {"tls_certificate", "tls_key"},
    }
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/secrets/", ".env"} <= set(ignored)


@pytest.mark.parametrize("name", OURS)
def test_the_program_takes_its_settings(name: str, tmp_path: Path) -> None:
    environ = {}
    for key, value in SERVICES[name]["environment"].items():
        if key.endswith("_FILE"):
            file = tmp_path / Path(value).name
            file.write_text(SECRETS[file.name], "utf-8")
            value = str(file)
        environ[key] = value
    settings = read_settings(environ, None)
    assert settings.database_url is not None
    assert settings.database_url.password == SECRETS["database_password"]
    if name == "bot":
        assert settings.telegram_token == SECRETS["telegram_token"]
        assert settings.webhook_url == settings.web_url == ENVIRON["CHAT_URL"]
    else:
        assert settings.telegram_token is None
        assert settings.desk_url == ENVIRON["DESK_URL"]
        assert str(settings.desk_host) == "0.0.0.0"
