"""What is typed into the dashboard's forms, and what is looked at again, in headless Chromium."""

import json
import os
import pty
import re
import select
import subprocess
import time

import pytest

from kit.connected import connected
from kit.dashboard import Member
from kit.mcp import Wire
from kit.server import Server

# A browser's pages, most of the time.
pytestmark = pytest.mark.waits


@pytest.fixture
def member(demo, person):
    return Member(person, demo).sign_in()


def test_after_a_form_that_is_too_large_all_that_was_typed_is_on_the_page_before(member):
    member.at("/configs/create")
    member.type("Name", "too-long")
    member.page.eval_on_selector("#description", "it => it.value = 'x'.repeat(300000)")
    member.tick("MY_GMAIL")
    member.click("Save")
    assert "holds too much" in member.page.inner_text("main")
    member.page.go_back()
    member.page.wait_for_selector("#name")
    kept = {field: member.page.input_value(f"#{field}") for field in ("name", "description")}
    assert (kept["name"], len(kept["description"])) == ("too-long", 300_000)
    assert member.page.get_by_role("checkbox", name="MY_GMAIL").first.is_checked()
    member.type("What it is for", "shorter")
    member.click("Save")
    assert member.title() == "too-long"


def test_a_refused_form_of_settings_is_where_one_looks_and_keeps_what_was_chosen(member):
    member.go("Settings")
    member.page.eval_on_selector("#client-name", "it => it.removeAttribute('maxlength')")
    member.type("New client", "x" * 200)
    member.page.uncheck("input[name=reads_secrets]")
    member.click("Create API client")
    assert member.page.evaluate("document.activeElement.id") == "client-name"
    assert member.page.input_value("#client-name") == "x" * 200
    assert not member.page.is_checked("input[name=reads_secrets]") and not member.faults()
    shown = member.page.evaluate("document.querySelector('#wrong').getBoundingClientRect().top")
    assert 0 <= shown < member.page.viewport_size["height"], "the words are seen without scrolling"


def test_calls_that_are_watched_come_by_themselves(demo, member):
    wire = connected(demo, "watched")
    member.at("/calls?user=watched")
    assert "No call fits" in member.page.inner_text("main")
    member.click("Watch live", role="link")
    wire.done("gmail_fetch_mails", max_results=1)
    member.page.wait_for_selector("tbody tr", timeout=20_000)
    assert "gmail_fetch_mails" in member.page.inner_text("tbody")
    member.click("Stop", role="link")
    wire.done("gmail_fetch_mails", max_results=1)
    member.page.wait_for_timeout(6_000)
    assert member.page.locator("tbody tr").count() == 1


def test_a_rotated_url_is_refused_and_the_new_one_serves(demo, member):
    wire = connected(demo, "rotates")
    member.at(f"/instances/{wire.instance['id']}")
    member.page.get_by_text("Rotate the URL…").click()
    member.click("Rotate the URL")
    fresh = member.text("mcp-url")
    assert fresh != wire.url and Wire(fresh).done("gmail_fetch_mails", max_results=1)
    assert wire.legacy("tools/list").status == 404


def test_a_connection_is_tried_and_says_whether_the_provider_knows_its_client(fresh, person):
    demo = fresh().start()
    member = Member(person, demo).sign_in()
    (gmail,) = [one for one in demo.cli_json("connection", "list") if one["name"] == "MY_GMAIL"]
    member.at(f"/connections/{gmail['id']}")
    member.click("Test connection")
    assert "knows this client" in member.page.inner_text("[role=status]") and not member.faults()
    member.type("Client Secret", "another-secret")
    member.click("Save")
    member.click("Test connection")
    assert "invalid_client" in member.page.inner_text("[role=status]")
    tried = [one for one in demo.cli_json("logs", "list", "--subject", gmail["id"]) if one["action"] == "connection.tried"]
    assert len(tried) == 2 and all(one["actor"].startswith("member:") for one in tried)
    assert "another-secret" not in demo.words()


def test_what_a_model_reads_is_told_while_one_picks_and_a_tool_is_seen_as_a_client_gets_it(demo, member):
    member.at("/configs/create")
    assert member.text("weight") == "0 tools, about 0 tokens"
    member.type("Name", "weighed")
    member.tick("MY_GMAIL")
    whole = member.text("weight")
    member.tick("gmail_fetch_mails")
    one = member.text("weight")
    assert one.startswith("1 tool,") and int(whole.split()[0]) > 40, (whole, one)
    member.click("Save")
    assert one in member.page.inner_text("dl"), "as it was told"
    member.click("gmail_fetch_mails", role="link")
    shown = json.loads(member.text("definition"))
    instance = demo.instance("weighs", "weighed")
    listed = Wire(instance["url"]).legacy("tools/list").result["tools"]
    assert shown in listed and not member.faults()
    member.click("As a client gets it", role="link")
    assert json.loads(member.text("definition")) == {"tools": listed} and not member.faults()


def test_serve_prints_its_link_at_a_terminal_and_into_no_log(tmp_path, person):
    server = Server(tmp_path / "data", command="serve")
    terminal, its = pty.openpty()
    with server.log.open("wb") as log:
        server.process = subprocess.Popen(server.arguments, stdout=its, stderr=log, env=server.env)
    os.close(its)
    try:
        said, end = "", time.monotonic() + 60
        while not (link := re.search(rf"{server.url}/login/\S+", said)):
            assert time.monotonic() < end and server.process.poll() is None, said + server.words()
            said += os.read(terminal, 4096).decode() if select.select([terminal], [], [], 1)[0] else ""
        Member(person, server).open_link(link.group()).click("Sign in")
        person.page.wait_for_url("**/dashboard/development*")
        assert link.group().rsplit("/", 1)[1] not in server.words()
    finally:
        server.stop()
        os.close(terminal)
