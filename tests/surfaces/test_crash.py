"""kill -9 at every failpoint that the binary names, at oidc-provider's every step, and again while the next process puts
in order what was left: nothing that was acknowledged is lost, and what was begun is told."""

import base64
import http.client
import json
import os
import subprocess
import time

import pytest

from kit.mcp import Wire
from kit.oidc import Practice, sign_in
from kit.places import BINARY
from kit.walker import Walker

pytestmark = pytest.mark.waits

LOST = (OSError, http.client.HTTPException)
REFRESH = ["refresh.intent_committed", "refresh.answered", "refresh.written", "refresh.committed"]
CALLBACK = ["callback.exchanging", "callback.answered", "callback.written", "callback.committed"]
EXECUTE = ["execute.intent_committed", "execute.answered", "execute.recorded"]
REGISTRATION = ["registration.intent_committed", "registration.answered", "registration.committed"]
CONFIG = ["config.written", "config.committed"]
# What is run until it dies, and where the next process dies over what is left of it: with data keys the server goes on by
# itself, else the operator runs the command again. The key for clients' secrets is made first: dying over it leaves the
# other key, and accounts' tokens under the one before.
DATA, ROOT = ("data", "--purpose", "credential", "--purpose", "client"), ("root",)
ROTATION = {
    "rotation.key_written": (DATA, "rotation.key_written"),
    "rotation.key_committed": (DATA, "rotation.reseal_written"),
    "rotation.reseal_written": (DATA, "rotation.reseal_written"),
    "rotation.root_committed": (ROOT, "rotation.rewrap_written"),
    "rotation.rewrap_written": (ROOT, "rotation.rewrap_written"),
}
RECOVERY = ["recovery.refresh_settled", "recovery.consent_settled", "recovery.registration_settled"]
OTHERS = ["ahead.claimed", "journal.placed"]
# In test_webhooks.py.
DELIVERY = ["delivery.claimed", "delivery.answered"]


def test_attack_55_every_failpoint_of_the_binary_is_tried_here(tmp_path):
    command = [str(BINARY), "--data", str(tmp_path), "serve", "--http", "127.0.0.1:0", "--tls", "127.0.0.1:0"]
    told = subprocess.run(command, capture_output=True, text=True, env={"VALETKEY_FAILPOINT": "?"}, timeout=30)
    assert told.returncode == 1
    names = told.stderr.strip().rsplit("there are: ", 1)[1].split(", ")
    tried = [*REFRESH, *CALLBACK, *EXECUTE, *REGISTRATION, *CONFIG, *ROTATION, *RECOVERY, *OTHERS, *DELIVERY]
    assert sorted(names) == sorted(tried)


@pytest.fixture(scope="module")
def strict(tmp_path_factory, database):
    """A provider that ends the grant when a spent refresh token comes again."""
    practice = Practice(tmp_path_factory.mktemp("strict"), env=database())
    yield practice.start()
    practice.stop()


@pytest.fixture(scope="module")
def lenient(tmp_path_factory, database):
    """A provider that rotates refresh tokens too, and takes the last one again for a while."""
    practice = Practice(tmp_path_factory.mktemp("lenient"), "retry_now", env=database()).start()
    practice.make("grace/3600")
    yield practice
    practice.stop()


@pytest.fixture(autouse=True)
def running(request):
    """Whatever a test has killed runs again for the next one."""
    yield
    for name in ("strict", "lenient"):
        if name in request.fixturenames:
            server = request.getfixturevalue(name).server
            if server.process.poll() is not None:
                server.start()


def armed(practice, failpoint):
    practice.server.stop()
    practice.server.start(failpoint=failpoint)


def dies(practice, act):
    """What was asked for never comes, because the server dies over it."""
    with pytest.raises(LOST):
        act()
    practice.server.has_died()


def recovers_and_dies(practice, failpoint, table, column, which="TRUE"):
    """The next process settles what was left, and dies over it. A file has one process, which knows at once that the
    other is dead; where processes share a database, that is known when the time is over which it had."""
    if practice.database:
        assert practice.age(f"UPDATE {table} SET {column} = 1 WHERE {column} > 1 AND {which}") == 1
    practice.server.start_and_die(failpoint)


def journal(practice, subject):
    """What the journal says of a subject, oldest first: action and phase."""
    lines = practice.server.cli_json("logs", "list", "--subject", subject, "--limit", "200")
    return [(line["action"], line["phase"]) for line in reversed(lines)]


def told(practice, account):
    """Every refresh that was begun has an end in the journal."""
    actions = [action.removeprefix("account.") for action, _ in journal(practice, account["id"])]
    ends = {"refreshed", "refresh_lost", "refresh_failed", "expired"}
    begun = [place for place, action in enumerate(actions) if action == "refresh_begun"]
    for place, following in zip(begun, [*begun[1:], len(actions)]):
        assert ends & set(actions[place:following]), actions
    return begun


def killed_refreshing(practice, wire, user, failpoint):
    """The server dies in a refresh of that user's tokens, and again over what that left; then it runs."""
    armed(practice, failpoint)
    dies(practice, lambda: wire.call("practice_whoami"))
    if failpoint != "refresh.committed":
        recovers_and_dies(practice, "recovery.refresh_settled", "connected_accounts", "refresh_until")
    practice.server.start()
    assert told(practice, practice.account(user))


def run_out(practice, user):
    wire = practice.consent(user, ttl=3)
    practice.run_out(user)
    return wire


@pytest.mark.parametrize("failpoint", REFRESH)
def test_attack_55_a_provider_that_takes_a_repeat_loses_nobody(lenient, failpoint):
    wire = run_out(lenient, failpoint)
    killed_refreshing(lenient, wire, failpoint, failpoint)
    if failpoint != "refresh.committed":
        # The refresh that makes it good dies too.
        killed_refreshing(lenient, wire, failpoint, failpoint)
    assert wire.done("practice_whoami")["user"] == failpoint
    account = lenient.account(failpoint)
    assert (account["status"], account["last_refresh"]) == ("ACTIVE", "refreshed")
    assert len(told(lenient, account)) == (1 if failpoint == "refresh.committed" else 3)


@pytest.mark.parametrize("failpoint", REFRESH)
def test_attack_22_a_provider_that_takes_none_loses_only_what_it_answered_in_between(strict, failpoint):
    before, wire = strict.refreshes(), run_out(strict, failpoint)
    killed_refreshing(strict, wire, failpoint, failpoint)
    failed, words = wire.call("practice_whoami")
    account = strict.account(failpoint)
    told(strict, account)
    if failpoint in ("refresh.answered", "refresh.written"):
        assert failed and "/connect/" in words
        assert (account["status"], account["reason"]) == ("EXPIRED", "refresh_answer_lost")
        sign_in(Walker(), next(word for word in words.split() if "/connect/" in word), failpoint)
        assert wire.done("practice_whoami")["user"] == failpoint
    else:
        assert not failed and account["status"] == "ACTIVE", words
    assert strict.refreshes() == before + 1, "one exchange, whatever happened here"


def killed_at_the_callback(practice, walker, callback, failpoint):
    """The server dies over what the browser brings back, and again over what that left; then it runs, and the browser
    comes back once more."""
    armed(practice, failpoint)
    dies(practice, lambda: walker.open(callback))
    if failpoint != "callback.committed":
        recovers_and_dies(practice, "recovery.consent_settled", "authorizations", "consent_expires_at", "stage = 'exchanging'")
    practice.server.start()
    walker.open(callback)


@pytest.mark.parametrize("failpoint", CALLBACK)
def test_attack_55_a_browser_at_the_callback_sees_what_to_do(strict, failpoint):
    instance, walker = strict.instance(failpoint), Walker()
    link = strict.entry(instance)["authentication_link"]
    walker.halt = "code="
    sign_in(walker, link, failpoint)
    callback, walker.halt = walker.where, None
    killed_at_the_callback(strict, walker, callback, failpoint)
    status = strict.entry(instance)["connected_account_status"]
    if failpoint == "callback.committed":
        assert status == "ACTIVE" and "The server stopped" not in walker.text
    else:
        assert status == "PENDING_AUTH" and "The server stopped in the middle" in walker.text
        # The provider still knows the person, and asks for the consent alone. The consent that makes it good dies too.
        walker.halt = "code="
        walker.open(link).submit("continue").submit()
        callback, walker.halt = walker.where, None
        killed_at_the_callback(strict, walker, callback, failpoint)
        assert "The server stopped in the middle" in walker.text
        walker.open(link).submit("continue").submit()
    consent = walker.where.rsplit("/", 1)[1]
    assert journal(strict, consent).count(("authorization.ended", "fact")) >= 1
    wire = Wire(instance["url"])
    assert wire.done("practice_whoami")["user"] == failpoint


@pytest.mark.parametrize("failpoint", EXECUTE)
def test_attack_55_a_call_that_was_cut_is_in_the_journal_and_done_once_at_most(strict, failpoint):
    wire = strict.consent(failpoint)
    armed(strict, failpoint)
    dies(strict, lambda: wire.call("practice_add_note", text=failpoint))
    strict.server.start()
    assert wire.done("practice_list_notes")["notes"] == ([] if failpoint.endswith("intent_committed") else [failpoint])
    lines = strict.server.cli_json("logs", "list", "--limit", "20")
    call = next(line for line in lines if "practice_add_note" in json.dumps(line["detail"]))
    phases = [phase for _, phase in journal(strict, call["subject"])]
    assert phases in (["intent"], ["intent", "outcome"]), phases
    assert phases == ["intent"] or failpoint == "execute.recorded"
    assert wire.done("practice_add_note", text="after")["notes"][-1] == "after"


@pytest.mark.parametrize("failpoint", REGISTRATION)
def test_attack_55_a_client_that_was_being_registered_is_told_of_and_registered_anew(strict, failpoint):
    """The server dies while it registers a client at oidc-provider for a connection, and again over what that left."""
    name, user = failpoint.replace("registration.", "remote-"), failpoint
    made = ("connection", "create", "practiceremote", "--name", name, "--api-base-url", strict.url)
    strict.server.cli(*made)
    (connection,) = strict.server.cli_json("connection", "get", name)
    instance = strict.server.instance(user, name, [{"connection_name": name, "tools": []}])
    link = strict.server.links(instance)[name]["authentication_link"]
    before, walker = strict.seen()["clients"], Walker()
    walker.halt = "/auth?"
    armed(strict, failpoint)
    dies(strict, lambda: walker.open(link).submit("continue"))
    known = failpoint == "registration.committed"
    if not known:
        recovers_and_dies(strict, "recovery.registration_settled", "connections", "registration_until")
    strict.server.start()
    walker.open(link).submit("continue")
    assert walker.where.startswith(f"{strict.url}/auth?") and "&client_id=" in walker.where, walker.text
    actions = [action.removeprefix("connection.") for action, _ in journal(strict, connection["id"])]
    begun = ["registration_begun"] if known else ["registration_begun", "registration_lost", "registration_begun"]
    assert [action for action in actions if action not in ("created", "updated")] == [*begun, "discovered"]
    assert strict.seen()["clients"] - before == (2 if failpoint == "registration.answered" else 1)
    assert strict.server.cli("logs", "verify").returncode == 0


@pytest.mark.parametrize("failpoint", CONFIG)
def test_attack_55_a_config_is_changed_with_its_record_or_not_at_all(strict, failpoint):
    name, mappings = failpoint.replace(".", "-"), [{"connection_name": "PRACTICE", "tools": ["practice_whoami"]}]
    armed(strict, failpoint)
    token = strict.server.token()
    body = {"name": name, "connection_tool_mappings": mappings}
    dies(strict, lambda: strict.server.api("POST", "/api/v1/mcp/configs", body, token))
    if failpoint == "config.committed" and not strict.database:
        # Its record has no place in the chain yet. Where a database is shared, another process waits a minute with that.
        strict.server.start_and_die("journal.placed")
    strict.server.start()
    there = strict.server.api("GET", f"/api/v1/mcp/configs?filter.name={name}").get("configs", [])
    assert [config["name"] for config in there] == ([name] if failpoint == "config.committed" else [])
    for config in there:
        assert journal(strict, config["id"]) == [("config.created", "fact")]
    if not there:
        strict.server.api("POST", "/api/v1/mcp/configs", body)
    assert strict.server.cli("logs", "verify").returncode == 0


def test_attack_55_records_that_were_being_given_their_places_have_them_once(strict):
    armed(strict, "journal.placed")
    config = {"name": "placed", "connection_tool_mappings": []}
    made = strict.server.api("POST", "/api/v1/mcp/configs", config)["config"]
    strict.server.has_died()
    if not strict.database:
        strict.server.start_and_die("journal.placed")
    strict.server.start()
    assert journal(strict, made["id"]) == [("config.created", "fact")]
    assert strict.server.cli("logs", "verify").returncode == 0


def test_attack_55_what_was_claimed_to_be_refreshed_ahead_comes_up_again(strict):
    wire = strict.consent("claimed")
    assert wire.done("practice_whoami")["user"] == "claimed"
    due = "UPDATE connected_accounts SET next_refresh_at = 1, last_used_at = created_at WHERE identifier = 'claimed'"
    strict.server.stop()
    assert strict.age(due) == 1
    strict.server.start_and_die("ahead.claimed")
    assert strict.age(due) == 1
    strict.server.start()
    end = time.monotonic() + 60
    while strict.account("claimed")["last_refresh"] != "refreshed":
        assert time.monotonic() < end, "it is never refreshed"
        time.sleep(0.2)
    assert len(told(strict, strict.account("claimed"))) == 1


@pytest.mark.parametrize("failpoint", ROTATION)
def test_attack_55_keys_that_were_being_rotated_open_everything_and_are_rotated_by_the_same_command(strict, failpoint):
    what, again = ROTATION[failpoint]
    rotate = ("key", "rotate", *what)
    wire = strict.consent(failpoint)
    if strict.database and what == ROOT:
        # A server that is alone with its file makes the new key itself.
        with open(strict.server.data / "root.key", "a") as keys:
            keys.write(base64.b64encode(os.urandom(32)).decode() + "\n")
    killed_rotating(strict, rotate, failpoint)
    if what == DATA:
        strict.server.start_and_die(again)
    else:
        killed_rotating(strict, rotate, again)
    forgotten(strict)
    strict.server.start()
    strict.server.ready()
    assert wire.done("practice_whoami")["user"] == failpoint
    before = {row["id"] for row in strict.server.cli_json("key", "list")}
    strict.server.cli("key", "rotate", what[0])
    after = strict.server.cli_json("key", "list")
    newest = [row for row in after if row["state"] == "newest" and row["purpose"] != "url"]
    if what == DATA:
        assert not before & {row["id"] for row in newest}
    else:
        assert len({row["root"] for row in after}) == 1
    assert wire.done("practice_whoami")["user"] == failpoint
    assert strict.server.cli("logs", "verify").returncode == 0


def killed_rotating(practice, rotate, failpoint):
    """The server dies over the command."""
    forgotten(practice)
    practice.server.start(failpoint=failpoint)
    practice.server.ready()
    refused = practice.server.cli(*rotate, check=False)
    assert refused.returncode != 0 and "went away" in refused.stderr, refused.stderr
    practice.server.has_died()


def forgotten(practice):
    """A process that shares the database is waited for until it has given no sign for a minute."""
    practice.server.stop()
    if practice.database:
        practice.age("UPDATE processes SET seen_at = 1")
