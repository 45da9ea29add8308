"""Keys are rotated and backups made, from outside, of two servers on one PostgreSQL database, while agents call through
HAProxy all the time and oidc-provider rotates their refresh tokens: no call fails."""

import base64
import gzip
import os
import shutil
import time
import urllib.request
from contextlib import contextmanager

import pytest

from kit import postgres
from kit.busy import Busy
from kit.connected import attempt
from kit.mcp import Wire
from kit.server import Server, send

pytestmark = pytest.mark.waits


def asked(replicas, token):
    """One question of an app at the balancer."""
    headers = {"authorization": f"Bearer {token}"}
    send(urllib.request.Request(f"{replicas.url}/api/v1/mcp/configs", headers=headers), 200)


@contextmanager
def load(replicas, name):
    """Two users whose agents call through the balancer, and an app that asks there. Gives what waits until all of them
    have gone on for a while, and a user's wire; in the end nothing may have failed."""
    practice, users = replicas.practice, [f"{name}-{number}" for number in range(2)]
    # Tokens live less long than is wanted of one that is used: each call is preceded by a refresh.
    wires = [practice.consent(user, ttl=30) for user in users]
    practice.make("ttl/30")
    token, before = replicas.one.token(), practice.refreshes()
    everybody = [Busy(lambda wire=wire: attempt(wire, "practice_whoami"), threads=2) for wire in wires]
    everybody.append(Busy(lambda: asked(replicas, token), threads=1))

    def goes_on():
        for one in everybody:
            one.goes_on(5)

    try:
        goes_on()
        yield goes_on, wires[0]
    finally:
        failures = [failure for one in everybody for failure in one.stop()]
        practice.make("ttl/3600")
    assert failures == []
    assert practice.refreshes() > before + 5
    assert {practice.account(user)["status"] for user in users} == {"ACTIVE"}


def roots(server):
    return {row["root"] for row in server.cli_json("key", "list")}


def rotated_root(server):
    """Runs the command until every process has read its file again; refuses by name until then."""
    end = time.monotonic() + 60
    while (done := server.cli("key", "rotate", "root", check=False)).returncode != 0:
        assert "does not have the root key" in done.stderr and time.monotonic() < end, done.stderr
        time.sleep(0.2)
    return done.stdout


def test_attack_57_every_key_is_rotated_while_both_serve(replicas):
    one, two = replicas.both
    new = base64.b64encode(os.urandom(32)).decode()
    with load(replicas, "rotated") as (goes_on, wire):
        assert "new data keys" in two.cli("key", "rotate", "data").stdout
        goes_on()
        before = roots(one)
        for server in replicas.both:
            refused = one.cli("key", "rotate", "root", check=False)
            assert refused.returncode == 1 and roots(two) == before, refused.stdout
            with open(server.data / "root.key", "a") as keys:
                keys.write(f"{new}\n")
        assert "does not have the root key" in refused.stderr and "nothing was changed" in refused.stderr
        goes_on()
        assert "were wrapped under" in rotated_root(one)
        goes_on()
        after = roots(one)
        assert after == roots(two) and len(after) == 1 and after != before
        for server, other in ((one, "two"), (two, "one")):
            (server.data / "root.key").write_text(f"{new}\n")
            with replicas.balancer.only(other):
                server.stop()
                server.start()
                server.ready()
            goes_on()
    for server in replicas.both:
        assert server.cli("logs", "verify").returncode == 0
        assert attempt(Wire(replicas.at(server, wire.url)), "practice_whoami") is None


def copied(replicas, folder):
    """A server on another, empty database, with what an operator would bring there."""
    folder.mkdir(mode=0o700)
    for name in ("root.key", "valetkey.toml"):
        shutil.copy(replicas.one.data / name, folder / name)
    connectors = str(replicas.one.data.parent / "connectors")
    return Server(folder, "serve", ("--connectors", connectors), {"VALETKEY_DATABASE": postgres.database()})


def test_attack_61_a_backup_of_both_is_in_quarantine_elsewhere_and_starts_anew_as_a_copy(replicas, tmp_path):
    copy = copied(replicas, tmp_path / "copy")
    with load(replicas, "copied") as (goes_on, wire):
        files = [tmp_path / server.data.parent.name / "backup" for server in replicas.both]
        for server, file in zip(replicas.both, files):
            file.parent.mkdir()
            server.cli("backup", str(file))
            goes_on()
        assert "in quarantine" in copy.cli("restore", str(files[1])).stdout
        copy.start()
        try:
            status, why = copy.answer("GET", "/readyz")
            assert status == 503 and "quarantine" in why and "`--as-copy`" in why
            there = Wire(replicas.at(copy, wire.url))
            assert there.legacy("tools/list").status == 503
            goes_on()
            copy.cli("restore", "--as-copy")
            copy.ready()
            assert there.legacy("tools/list").status == 404
            assert {row["status"] for row in copy.cli_json("account", "list")} == {"DISCONNECTED"}
            (anew,) = copy.cli_json("instance", "get", wire.instance["id"])
            assert "lacks its OAuth client" in Wire(anew["url"]).refused("practice_whoami")
            goes_on()
        finally:
            copy.stop()
    for file in files:
        text = gzip.decompress(file.read_bytes()).decode()
        assert wire.token not in text and (replicas.one.data / "root.key").read_text().strip() not in text
