"""A database of the first schema, with rows and sealed values that a binary of that time wrote, under today's binary: on
SQLite and on PostgreSQL. And a binary that is too old for its database."""

import json
import re
import sqlite3

import pytest

from kit import postgres
from kit.mcp import Wire
from kit.places import REPOSITORY

OLD = REPOSITORY / "tests" / "fixtures" / "step-0001"
KNOWN = json.loads((OLD / "known.json").read_text())
FIRST = "0001_walkthrough.sql"


class Old:
    """A data folder of step 1 whose database is this one."""

    def __init__(self, fresh, folder, database):
        folder.mkdir()
        (folder / "root.key").write_text(KNOWN["root_key"])
        (folder / "root.key").chmod(0o600)
        schema = (REPOSITORY / "crates" / "storage" / "migrations" / database / FIRST).read_text()
        script = schema + (OLD / "rows.sql").read_text()
        if database == "sqlite":
            self.file, self.url, env = folder / "valetkey.sqlite", None, {}
            self.execute(script)
        else:
            self.file, self.url = None, postgres.database()
            env = {"VALETKEY_DATABASE": self.url}
            self.execute(re.sub(r"X'([0-9A-F]*)'", r"'\\x\1'", script))
        self.server = fresh(command="serve", env=env)
        self.server.use(folder)

    def execute(self, script):
        if self.url:
            return postgres.psql(self.url, script)
        with sqlite3.connect(self.file) as connection:
            connection.executescript(script)
        connection.close()

    def number(self, sql):
        if self.url:
            return int(postgres.psql(self.url, sql))
        connection = sqlite3.connect(self.file)
        (number,) = connection.execute(sql).fetchone()
        connection.close()
        return number


@pytest.fixture(params=["sqlite", "postgres"])
def old(request, fresh, tmp_path):
    return Old(fresh, tmp_path / "old", request.param)


def test_attack_58_what_an_earlier_binary_kept_is_still_served(old):
    before = old.number("SELECT count(*) FROM journal")
    server = old.server.start()
    token = server.token_of(KNOWN["client_id"], KNOWN["client_secret"])
    (config,) = server.api("GET", "/api/v1/mcp/configs", token=token)["configs"]
    assert config["id"] == KNOWN["config"]

    wire = Wire(KNOWN["url"].replace("http://localhost:8080", server.url))
    assert wire.tools() == ["gmail_fetch_mails"]
    # The secret was sealed for the endpoints that a connection had then: it is asked for again before anybody signs in.
    assert "--client-secret-file" in wire.refused("gmail_fetch_mails")
    body = {"config_name": config["name"], "user_identifier": KNOWN["identifier"]}
    assert server.api("POST", "/api/v1/mcp/instances", body, token)["instance"]["id"] == KNOWN["instance"]

    path = f"/api/v1/connected_accounts/auth?connector=MY_GMAIL&identifier={KNOWN['token']['identifier']}"
    account = server.api("GET", path, token=token)["connected_account"]
    assert account["authorization_details"]["oauth_token"]["access_token"] == KNOWN["token"]["access_token"]

    server.cli("connection", "update", "MY_GMAIL", "--client-secret-file", "-", stdin="given again")
    assert "/connect/" in wire.refused("gmail_fetch_mails")
    server.cli("connection", "create", "gmail", "--name", "NEW")
    server.cli("config", "delete", KNOWN["config"])
    assert wire.legacy("tools/list").status == 404
    assert old.number("SELECT count(*) FROM journal") > before
    assert old.number("SELECT max(number) FROM schema_steps") > 1


def test_attack_58_a_binary_that_is_too_old_says_so_and_changes_nothing(old):
    old.execute("UPDATE meta SET value = '900' WHERE name = 'min_reader'")
    words = old.server.refusal()
    assert "made by a newer Valetkey (schema 900" in words
    assert old.number("SELECT count(*) FROM schema_steps") == 1


def test_a_database_of_something_else_is_refused_and_left_alone(fresh):
    url = postgres.database()
    postgres.psql(url, "CREATE TABLE notes (text TEXT)")
    words = fresh(command="serve", env={"VALETKEY_DATABASE": url}).refusal()
    assert "not Valetkey's" in words
    assert postgres.psql(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "1"


def test_a_database_that_is_not_reached_is_said_without_the_password(fresh):
    url = "postgres://valetkey:hunter2@127.0.0.1:1/valetkey"
    server = fresh(command="serve", env={"VALETKEY_DATABASE": url})
    words = server.refusal()
    assert "VALETKEY_DATABASE" in words and "host and port in the URL" in words
    assert "hunter2" not in words
    (server.data / "url").write_text(url)
    (server.data / "url").chmod(0o644)
    (server.data / "valetkey.toml").write_text(f'database_file = "{server.data / "url"}"\n')
    del server.env["VALETKEY_DATABASE"]
    assert "chmod 600" in server.refusal()
    (server.data / "url").chmod(0o600)
    words = server.refusal()
    assert "host and port in the URL" in words and "hunter2" not in words
