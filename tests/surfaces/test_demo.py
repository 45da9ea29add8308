"""`demo` run again: it goes on with what it had, wherever it listens this time."""

import time

from kit import ports
from kit.connected import connected
from kit.mcp import Wire


def run_again(server):
    """Starts it and waits until its proof is done for the second time."""
    server.stop()
    server.start()
    end = time.monotonic() + 60
    while server.words().count("Valetkey is running") < 2:
        assert time.monotonic() < end and server.process.poll() is None, server.words()[-3000:]
        time.sleep(0.05)


def test_a_second_run_goes_on_with_its_data_and_repeats_nothing(fresh):
    server = fresh().start()
    first = server.words().split("Valetkey is running.")[1].split("To see that it works")[0]
    assert "Open the dashboard" in first and f"{server.url}/login/" in first, "where one looks at it comes first"
    wire = connected(server, "comes-back")
    client = server.cli_json("client", "list")
    run_again(server)
    words = server.words()
    assert words.count("MY_GMAIL is signed in already") == 1 and words.count("demo-proof is there already") == 1
    assert server.cli_json("client", "list") == client
    assert server.instance("comes-back")["url"] == wire.url
    assert wire.done("gmail_fetch_mails", max_results=1)["messages"]


def test_a_lab_that_moved_to_another_port_is_followed_and_an_operators_own_connection_is_not(fresh):
    server = fresh().start()
    wire = connected(server, "moves")
    (own,) = server.cli_json("connection", "update", "gmail", "--client-id", "of-the-operator")
    server.lab = ports.free_pair()
    server.arguments[server.arguments.index("--lab-address") + 1] = f"127.0.0.1:{server.lab}"
    run_again(server)
    assert f"plays Google at http://127.0.0.1:{server.lab}" in server.words()
    assert "/connect/" in wire.refused("gmail_fetch_mails"), "credentials follow to another place"
    again = connected(server, "moves")
    assert again.url == wire.url and again.done("gmail_fetch_mails", max_results=1)["messages"]
    assert server.cli_json("connection", "get", "gmail") == [own]
    assert Wire(server.instance("demo-user", "demo-proof")["url"]).done("gmail_fetch_mails", max_results=1)
