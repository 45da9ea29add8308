"""A database that cannot be written while the server runs, and can be again: what is said, what stays undone, and that
nothing is lost which was acknowledged or which exists nowhere else."""

import resource
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

from kit.oidc import Practice


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    practice = Practice(tmp_path_factory.mktemp("disk"))
    yield practice.start()
    practice.stop()


@contextmanager
def full_disk(server):
    """The server's files cannot grow meanwhile, but for a few lines of its log."""
    pid, room = server.process.pid, server.log.stat().st_size + 16 * 1024
    assert (server.data / "valetkey.sqlite-wal").stat().st_size > room
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, most))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))


@contextmanager
def locked(server):
    """Another program writes to the database and takes its time."""
    with sqlite3.connect(server.data / "valetkey.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
    other.close()


def readiness(server):
    try:
        with urllib.request.urlopen(f"{server.url}/readyz", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def comes_to(server, status):
    """Waits until /readyz answers so; its words."""
    end = time.monotonic() + 60
    while (found := readiness(server))[0] != status:
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found[1]


@pytest.mark.parametrize("trouble", [full_disk, locked])
def test_attack_54_without_a_database_to_write_nothing_is_done_and_nothing_is_lost(practice, trouble):
    user, server = trouble.__name__, practice.server
    wire = practice.consent(user)
    assert wire.done("practice_add_note", text="before") == {"notes": ["before"]}
    comes_to(server, 200)
    with trouble(server):
        words = wire.refused("practice_add_note", text="meanwhile")
        assert "was not made" in words and "again" in words, words
        words = wire.refused("practice_list_notes")
        assert "was not made" in words, f"a read reaches the app although its record is known to fail: {words}"
        why = comes_to(server, 503)
        assert "journal" in why or "database" in why, why
    assert comes_to(server, 200)
    assert wire.done("practice_list_notes") == {"notes": ["before"]}, "what was refused was not done"
    assert wire.done("practice_add_note", text="after") == {"notes": ["before", "after"]}
    lines = server.cli_json("logs", "list", "--limit", "50")
    assert any(line["action"] == "journal.interrupted" for line in lines), "the gap is told"
    server.kill()
    server.start()
    assert wire.done("practice_list_notes") == {"notes": ["before", "after"]}


@pytest.mark.parametrize("trouble", [full_disk, locked])
def test_attack_54_tokens_that_cannot_be_saved_at_once_are_not_lost(practice, trouble):
    """The provider has answered with a new refresh token, and has ended the old one, when the trouble begins."""
    user, server = f"tokens-{trouble.__name__}", practice.server
    wire = practice.consent(user, ttl=3)
    practice.run_out(user)
    before, answers = practice.refreshes(), []
    practice.way.hold_answers()
    call = threading.Thread(target=lambda: answers.append(wire.call("practice_whoami")))
    call.start()
    practice.way.holds_one()
    told = server.words().count("could not be saved")
    with trouble(server):
        practice.way.release()
        end = time.monotonic() + 30
        while server.words().count("could not be saved") == told:
            assert time.monotonic() < end, "it was saved in spite of all"
            time.sleep(0.1)
    call.join(timeout=60)
    assert answers, "the call that waited has its answer"
    comes_to(server, 200)
    assert wire.done("practice_whoami")["user"] == user
    assert practice.refreshes() == before + 1, "one exchange, kept until it could be saved"
    assert practice.account(user)["status"] == "ACTIVE"
