"""The journal's chain from outside: somebody edits the database file, `logs verify` says what became of it."""

import json
import sqlite3
import subprocess

import pytest

from kit.places import BINARY
from kit.server import Server


@pytest.fixture
def shop(tmp_path):
    server = Server(tmp_path / "data", command="serve").start()
    for name in ["one", "two", "three"]:
        server.cli_json("client", "create", name)
    yield server
    server.stop()


def verify(server, *heads):
    """Its exit code, its rows and what it said on standard error."""
    command = [str(BINARY), "--data", str(server.data), "logs", "verify", "--json", *heads]
    done = subprocess.run(command, capture_output=True, text=True, env=server.env, timeout=60)
    return done.returncode, json.loads(done.stdout), done.stderr


def head(server):
    return server.cli_json("logs", "head")[0]["head"]


def edit(server, sql, *values):
    with sqlite3.connect(server.data / "valetkey.sqlite", timeout=10) as database:
        assert database.execute(sql, values).rowcount == 1, sql
    database.close()


def record(server, action):
    with sqlite3.connect(server.data / "valetkey.sqlite", timeout=10) as database:
        found = database.execute("SELECT id, segment, seq FROM journal WHERE action = ? ORDER BY id", [action]).fetchall()
    database.close()
    return found[0]


def test_an_untouched_journal_passes_running_and_stopped(shop):
    kept = head(shop)
    assert verify(shop, "--head", kept) == (0, [], "")
    shop.stop()
    assert verify(shop, "--head", kept) == (0, [], "")
    words = shop.cli("logs", "verify").stdout
    assert "nothing was changed, removed, moved or added" in words


@pytest.mark.parametrize("way", ["running", "stopped"])
@pytest.mark.parametrize(
    "sql, says",
    [
        ("UPDATE journal SET subject = 'skc_other' WHERE id = ?", "was changed"),
        ("DELETE FROM journal WHERE id = ?", "is missing"),
        ("UPDATE journal SET seq = seq + 1000 WHERE id = ?", "is missing"),
    ],
)
def test_attack_70_a_writer_of_the_file_is_found_out(shop, way, sql, says):
    head(shop)
    if way == "stopped":
        shop.stop()
    found, segment, number = record(shop, "client.created")
    edit(shop, sql, found)
    code, rows, words = verify(shop)
    assert code == 1 and "tampered" in words
    first = rows[0]
    assert (first["level"], first["segment"], first["number"]) == ("finding", segment, number), rows
    assert says in first["what"]


def test_attack_70_a_cut_off_end_is_known_to_the_running_server_and_to_who_holds_a_head(shop):
    kept = head(shop)
    segment, number, _ = kept.split(":")
    edit(shop, "DELETE FROM journal WHERE segment = ? AND seq = ?", segment, int(number))
    assert verify(shop)[0] == 1
    shop.kill()
    assert verify(shop)[0] == 0, "nobody else knew"
    assert verify(shop, "--head", kept)[0] == 1


def test_what_a_kill_left_without_a_place_gets_one_and_is_no_tampering(shop):
    head(shop)
    shop.cli_json("client", "create", "four")
    shop.kill()
    assert verify(shop)[:2] == (0, [])
    shop.start()
    kept = head(shop)
    assert verify(shop, "--head", kept) == (0, [], "")


def test_a_head_that_is_none_is_refused_in_words(shop):
    command = [str(BINARY), "--data", str(shop.data), "logs", "verify", "--head", "seg_1:7"]
    done = subprocess.run(command, capture_output=True, text=True, env=shop.env, timeout=60)
    assert done.returncode == 1 and "is no head of the journal" in done.stderr
