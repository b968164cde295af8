"""The tests' own PostgreSQL server: what one test leaves, the next does not find."""

from __future__ import annotations

import pytest

from tests.postgres import Server

pytestmark = pytest.mark.slow


def test_a_database_that_was_given_back_is_as_new(postgres_server: Server) -> None:
    url = postgres_server.new()
    assert url.database is not None
    postgres_server.execute("INSERT INTO counters VALUES ('2026-11-24', 'answer', 'a', 1)", url.database)
    postgres_server.execute("UPDATE audit_head SET number = 7", url.database)
    postgres_server.execute("DELETE FROM staff_chat", url.database)
    postgres_server.give_back(url)
    assert postgres_server.new() == url
    assert postgres_server.execute("SELECT * FROM counters", url.database) == []
    assert [tuple(row) for row in postgres_server.execute("SELECT number FROM audit_head", url.database)] == [(0,)]
    assert [tuple(row) for row in postgres_server.execute("SELECT * FROM staff_chat", url.database)] == [(1, 0)]
    for change in (
        "CREATE INDEX mine ON counters (count)",
        "ALTER TABLE counters DROP COLUMN count",
        "ALTER TABLE counters ADD CONSTRAINT mine CHECK (count < 9)",
    ):
        postgres_server.execute(change, url.database)
        postgres_server.give_back(url)
        other = postgres_server.new()
        assert other != url
        url = other
        assert url.database is not None
    postgres_server.give_back(url)
