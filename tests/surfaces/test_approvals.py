"""A tool that wants its user's word for each call: official clients carry the question to a page of ours, and the call is made
once the user said yes there. What nobody said yes to is never sent."""

import json
import re
import subprocess

import pytest

from kit.elicited import elicited
from kit.mcp import Wire
from kit.places import SCRIPTS, python
from kit.server import clean_environment
from kit.walker import Walker

SEND = "gmail_send_message"
CONFIG = "careful"


@pytest.fixture(scope="module")
def careful(demo):
    """Makes a user's instance on a config that wants the user's word to send."""

    def instance(user):
        mappings = [{"connection_name": "MY_GMAIL", "tools": [SEND, "gmail_fetch_mails"]}]
        made = demo.instance(user, CONFIG, mappings)
        said = demo.cli("config", "approvals", CONFIG, "--tool", SEND).stdout
        assert SEND in said
        return made

    return instance


def mail(subject):
    return {"to": "bob@example.com", "subject": subject, "body": "At noon?"}


def sent(demo, subject):
    """How many mails with this subject are at the lab."""
    return sum(mail["subject"] == subject for mail in demo.control("GET", "/mail")["sent"])


@pytest.fixture
def ann(demo, careful):
    """A wire to a fresh user's server, and the browser in which that user signed in."""
    user = f"careful-{next(COUNT)}"
    instance, browser = careful(user), Walker()
    browser.connect(demo.links(instance)["MY_GMAIL"]["authentication_link"])
    return Wire(instance["url"]), browser


COUNT = iter(range(1000))


def asked(wire, subject):
    """The link that a call is answered with in words."""
    words = wire.refused(SEND, **mail(subject))
    assert "with the user's word" in words
    return re.search(r"Link for the user: (\S+/connect/approve/\S+)", words).group(1)


@pytest.mark.parametrize("generation", ["1", "2"])
def test_one_call_signs_in_asks_and_sends(demo, careful, generation):
    subject = f"approved-by-client-{generation}"
    seen = elicited(generation, careful(f"careful-client-{generation}")["url"], SEND, mail(subject))
    assert not seen["is_error"], seen["text"]
    assert ["/connect/approve/" in one["url"] for one in seen["asked"]] == [False, True]
    page = seen["asked"][1]["page"]
    for words in ("Send", "bob@example.com", subject, "At noon?", "MY_GMAIL"):
        assert words in page, words
    assert sent(demo, subject) == 1


def test_langchain_is_told_in_words(demo, ann):
    wire, browser = ann
    calls = json.dumps([[SEND, mail("langchain")]])
    command = [str(python("seed")), str(SCRIPTS / "langchain_tools.py"), wire.url, calls]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
    (call,) = json.loads(done.stdout)["calls"]
    assert call["is_error"] and "/connect/approve/" in call["text"]
    browser.open(re.search(r"(http\S+/connect/approve/\S+)", call["text"]).group(1))
    browser.submit("approve")
    wire.done(SEND, **mail("langchain"))
    assert sent(demo, "langchain") == 1


def test_reading_is_not_asked_for_and_a_no_is_told(demo, ann):
    wire, browser = ann
    assert wire.done("gmail_fetch_mails", max_results=1)["messages"]
    browser.open(asked(wire, "refused-one"))
    browser.submit("refuse")
    assert "said no" in wire.refused(SEND, **mail("refused-one"))
    assert sent(demo, "refused-one") == 0


def test_attack_replayed_changed_forwarded_and_edited(demo, ann):
    wire, browser = ann
    link = asked(wire, "attacked")
    # A forwarded link shows another browser nothing and takes no answer from it, signed in elsewhere or not.
    for other in (Walker(), Walker()):
        other.open(link)
        assert other.status == 403 and "attacked" not in other.text and "<form" not in other.text
    browser.open(link)
    browser.submit("approve")
    browser.open(link)
    assert browser.status == 410
    asked(wire, "attacked with more")
    wire.done(SEND, **mail("attacked"))
    assert sent(demo, "attacked") == 1
    again = asked(wire, "attacked")
    assert again != link
    # An edit of the config takes back what was approved under the version before.
    browser.open(again)
    browser.submit("approve")
    demo.cli("config", "approvals", CONFIG, "--tool", SEND, "--destructive")
    asked(wire, "attacked")
    assert sent(demo, "attacked") == 1


def test_what_an_agent_writes_cannot_dress_up_the_page(demo, ann):
    wire, browser = ann
    hostile = {"to": "bob@example.com", "subject": "<script>alert(1)</script>\u202e", "body": "x" * 5000}
    words = wire.refused(SEND, **hostile)
    browser.open(re.search(r"(http\S+/connect/approve/\S+)", words).group(1))
    assert browser.status == 200 and "<script" not in browser.text and "\u202e" not in browser.text
    assert "4500 characters more" in browser.text and len(browser.text) < 20_000
