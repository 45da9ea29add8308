"""kill -9 of a busy demo: whatever was acknowledged is there after the next start, and goes on working."""

import json
import random
import threading
import urllib.error
import urllib.request

import pytest

from kit.server import send

ROUNDS = 3


class Busy:
    """Makes instances and calls tools until the server dies; remembers what was acknowledged."""

    def __init__(self, server, url, token, name):
        self.server, self.url, self.token, self.name = server, url, token, name
        self.acknowledged = {}
        self.progress = threading.Condition()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        number = 0
        while True:
            user = f"{self.name}-{number}"
            try:
                made = ensure(self.server, user, self.token)
                call(self.url, "tools/list")
            except (OSError, urllib.error.URLError, ValueError):
                break
            with self.progress:
                self.acknowledged[user] = made
                self.progress.notify_all()
            number += 1

    def has_made(self, count):
        with self.progress:
            return self.progress.wait_for(lambda: len(self.acknowledged) >= count, timeout=30)


def ensure(server, user, token):
    body = {"config_name": "demo-proof", "user_identifier": user}
    made = server.api("POST", "/api/v1/mcp/instances", body, token)["instance"]
    return made["id"], made["url"]


def call(url, method, params=None):
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
    request = urllib.request.Request(url, data=json.dumps(body).encode(), method="POST")
    request.add_header("content-type", "application/json")
    request.add_header("accept", "application/json, text/event-stream")
    return send(request, 200)["result"]


def test_kill_9_at_any_moment_loses_nothing_that_was_acknowledged(fresh):
    """Shown on the process itself, in rounds; the moment is random and so are the calls it cuts."""
    server = fresh().start()
    chance = random.Random()
    proof = server.instance("demo-user", "demo-proof")
    for round_number in range(ROUNDS):
        busy = Busy(server, proof["url"], server.token(), f"round-{round_number}")
        assert busy.has_made(chance.randrange(1, 40))
        server.kill()
        busy.thread.join(timeout=30)
        server.start()

        again = server.instance("demo-user", "demo-proof")
        assert (again["id"], again["url"]) == (proof["id"], proof["url"])
        assert [link["connected_account_status"] for link in server.links(again).values()] == ["ACTIVE", "ACTIVE"]
        fetched = call(again["url"], "tools/call", {"name": "gmail_fetch_mails", "arguments": {"max_results": 1}})
        assert fetched["isError"] is False
        token = server.token()
        for user, known in busy.acknowledged.items():
            assert ensure(server, user, token) == known


@pytest.mark.parametrize("sign", ["valetkey.sqlite", "demo-client.json"])
def test_a_first_start_that_was_killed_is_finished_by_the_next(fresh, sign):
    """Killed as soon as this file appears: between the root key and the database, and in the middle of the proof."""
    server = fresh()
    server.start_until(sign)
    server.kill()
    server.start()
    accounts = server.cli_json("account", "list", "--identifier", "demo-user")
    assert [account["status"] for account in accounts] == ["ACTIVE", "ACTIVE"]
