"""Keys as the operator handles them: rotation while agents call tools, and root keys that are lost, wrong or many."""

import re

import pytest

from kit.busy import Busy
from kit.connected import connected, fetch


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A demo with a user whose mail is called all the time."""
    from kit.server import Server

    server = Server(tmp_path_factory.mktemp("keys") / "data").start()
    yield server
    server.stop()


def refresh_at_every_call(server):
    """The next call's token has ended, and those that come after it live for less than a call needs."""
    short = {"route": "token.refresh_token", "fault": {"kind": "expires_in", "value": 30}, "times": 100000}
    server.control("POST", "/faults", short, expect=204)
    server.control("POST", "/faults", {"route": "gmail", "fault": {"kind": "token_expired"}, "times": 1}, expect=204)


def refreshes(server):
    rows = server.cli_json("logs", "list", "--limit", "1000")
    return sum(row["action"] == "account.refresh_begun" for row in rows)


def ready(server):
    return server.answer("GET", "/readyz")


def test_attack_57_calls_and_refreshes_go_on_while_every_key_is_rotated(served):
    wire = connected(served, "busy-ann", "busy")
    client = served.token()
    calls = Busy(lambda: fetch(wire))
    control = Busy(lambda: served.api("GET", "/api/v1/mcp/configs", token=client) and None, threads=1)
    try:
        calls.goes_on()
        refresh_at_every_call(served)
        calls.goes_on()
        assert refreshes(served) > 1
        before = {row["root"] for row in served.cli_json("key", "list")}
        rotated = served.cli("key", "rotate", "data")
        assert re.search(r"\d+ new data keys; \d+ stored values were sealed again", rotated.stdout), rotated.stdout
        calls.goes_on()
        so_far = refreshes(served)
        root = served.cli("key", "rotate", "root")
        assert "were wrapped under" in root.stdout
        calls.goes_on()
        control.goes_on(3)
        assert refreshes(served) > so_far
    finally:
        failures = calls.stop() + control.stop()
        served.control("DELETE", "/faults", expect=None)
    assert failures == []
    rows = served.cli_json("key", "list")
    after = {row["root"] for row in rows}
    assert len(before) == len(after) == 1 and before != after
    credential = [row for row in rows if row["purpose"] == "credential"]
    assert [row["state"] for row in credential] == ["superseded", "newest"]
    assert len((served.data / "root.key").read_text().split()) == 1
    assert served.cli("logs", "verify").returncode == 0, "the journal's chain no longer holds"
    served.stop()
    served.start()
    assert fetch(wire) is None
    assert served.answer("GET", "/api/v1/mcp/configs", token=client)[0] == 200


def test_rotating_url_keys_says_what_it_breaks_and_breaks_nothing_else(served):
    wire = connected(served, "url-ann", "busy")
    said = served.cli("key", "rotate", "data", "--purpose", "url")
    assert "every instance url" in said.stdout.lower() and "404" in said.stdout
    assert wire.legacy("tools/list").status == 404
    again = connected(served, "url-ann", "busy")
    assert again.url != wire.url and fetch(again) is None


def test_a_rotation_names_what_it_cannot_find(served):
    done = served.cli("key", "rotate", "data", "--environment", "nowhere", check=False)
    assert done.returncode == 1 and "'nowhere'" in done.stderr
    done = served.cli("key", "rotate", "root", "--to", "AAAABBBBCCCC", check=False)
    assert done.returncode == 1 and "AAAABBBBCCCC" in done.stderr and "nothing was changed" in done.stderr
    done = served.cli("key", "rotate", "data", "--purpose", "nonsense", check=False)
    assert done.returncode == 2 and "credential" in done.stderr


def test_keys_are_rotated_on_the_folder_too_when_no_server_runs(fresh):
    server = fresh(command="serve").start()
    server.cli("client", "create", "app")
    server.stop()
    assert "were wrapped" in server.cli("key", "rotate", "root").stdout
    assert "new data keys" in server.cli("key", "rotate", "data", "--purpose", "signing").stdout
    server.start()
    assert server.cli_json("key", "roots")[0]["wraps_new"] is True


def test_the_variable_holds_several_root_keys_while_the_root_is_changed(fresh, tmp_path):
    old, new = "11" * 32, "22" * 32
    server = fresh(command="serve", env={"VALETKEY_ROOT_KEY": old}).start()
    assert not (server.data / "root.key").exists()
    refused = server.cli("key", "rotate", "root", check=False)
    assert refused.returncode == 1 and "VALETKEY_ROOT_KEY" in refused.stderr
    server.stop()
    server.env["VALETKEY_ROOT_KEY"] = f"{old} {new}"
    server.start()
    server.cli("key", "rotate", "root")
    server.stop()
    server.env["VALETKEY_ROOT_KEY"] = new
    server.start()
    server.stop()
    server.env["VALETKEY_ROOT_KEY"] = old
    said = server.refusal()
    names = re.search(r"under root key (\S+), this is (\S+)\.", said)
    assert names and names[1] != names[2], said


def test_attack_57_a_lost_a_wrong_and_an_exposed_root_key_are_refused(fresh):
    server = fresh(command="serve").start()
    server.stop()
    key = server.data / "root.key"
    right = key.read_text()
    key.unlink()
    said = server.refusal()
    assert str(key) in said and "bring that key back" in said
    assert not key.exists(), "a root key was made for a database that is not empty"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    assert re.search(r"sealed under root key \S+, this is \S+", server.refusal())
    key.write_text(right)
    key.chmod(0o644)
    assert "chmod 600" in server.refusal()
    key.chmod(0o600)
    server.start()
    assert ready(server)[0] == 200
