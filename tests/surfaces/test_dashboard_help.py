"""What the dashboard does for whoever wonders: why a call fails, a call by hand, a config's versions."""

import json
import re
import struct
import zlib

import pytest

from kit.connected import connected
from kit.dashboard import Member
from kit.person import Person

HOSTILE = "\"><script>document.title='taken'</script>"


@pytest.fixture
def member(demo, person):
    return Member(person, demo).sign_in()


def why(demo, *asked):
    """What the command line says, and whether a call would work."""
    done = demo.cli("why", *asked, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def account_of(demo, user):
    return next(one for one in demo.cli_json("account", "list", "--identifier", user) if one["connection"] == "MY_GMAIL")


def test_why_is_the_same_at_every_place_and_what_it_says_mends_it(demo, member, stranger):
    wire = connected(demo, "why-not")
    url, account = wire.instance["url"], account_of(demo, "why-not")["id"]
    assert why(demo, url, "--tool", "gmail_fetch_mails")[0]
    demo.cli("account", "disconnect", account)
    refused = wire.refused("gmail_fetch_mails")
    assert "disconnected" in refused
    for asked in ((url,), ("-",), (account,), ("MY_GMAIL", "why-not"), (wire.instance["id"],)):
        done = demo.cli("why", *asked, check=False, stdin=url)
        assert done.returncode == 1 and "was disconnected (DISCONNECTED)" in done.stdout, done.stdout + done.stderr
        assert "valetkey account link MY_GMAIL why-not" in done.stdout and url not in done.stdout
    (row,) = [one for one in json.loads(demo.cli("why", account, "--json", check=False).stdout) if one["result"] == "stops"]
    assert row["part"] == "Account"
    member.go("Why?")
    member.type("About", url)
    member.type("Tool", "gmail_fetch_mails")
    member.click("Ask why")
    assert "was disconnected" in member.page.inner_text("ol.why")
    assert url.rsplit("/", 1)[1] not in member.page.content(), "a URL is not shown again"
    assert not member.faults() and not member.is_wide()
    member.click("Make a link to sign in")
    stranger.connect(member.text("user-link"))
    member.at(f"/accounts/{account}?tool=gmail_fetch_mails")
    words = member.page.inner_text("main")
    assert "Nothing here stands in the way" in words
    assert re.search(r"Signed in at the provider as\s+\S+@\S+ \(\w+\)", words), words
    assert why(demo, account, "--tool", "gmail_fetch_mails")[0] and wire.done("gmail_fetch_mails", max_results=1)


def test_why_names_what_is_missing_before_the_account(demo, member):
    narrow = [{"connection_name": "MY_GMAIL", "tools": ["gmail_fetch_mails"]}]
    wire = connected(demo, "why-tool", config="narrow", mappings=narrow)
    for tool, words in (("gmail_trash_message", "whitelist"), ("gmail_fetch_mail", "Did you mean gmail_fetch_mails?"),
                        ("slack_send_message", "has no connection of Slack")):
        works, text = why(demo, wire.instance["url"], "--tool", tool)
        assert not works and words in text, text
        member.at(f"/instances/{wire.instance['id']}?tool={tool}")
        assert words in member.page.inner_text("ol.why")
    demo.cli("instance", "rotate-url", wire.instance["id"])
    assert "was given another URL since" in why(demo, wire.instance["url"])[1]
    assert "cut short" in why(demo, wire.instance["url"][:-3])[1]
    member.go("Why?")
    for about, user in ((HOSTILE, ""), (HOSTILE, HOSTILE), ("MY_GMAIL", HOSTILE), ("x" * 4000, "")):
        member.type("About", about)
        member.type("User", user)
        member.click("Ask why")
        assert member.page.locator("[role=alert], ol.why").count() and member.page.title() != "taken"
    assert member.page.input_value("#what") == "x" * 4000, "what was typed stays"


def test_a_tool_is_called_by_hand_with_and_without_script(demo, browser):
    wire = connected(demo, "by-hand")
    for script in (True, False):
        person = Person.__new__(Person)
        person.context = browser.new_context(java_script_enabled=script)
        person.page = person.context.new_page()
        member = Member(person, demo).sign_in()
        member.go("Playground")
        member.type("Connection", "MY_GMAIL")
        member.type("User", "by-hand")
        member.click("Show tools")
        member.type("Search tools", "fetch mails")
        member.click("Search")
        member.click("gmail_fetch_mails", role="link")
        member.page.fill("[id='arg:max_results']", "two")
        member.click("Call it as by-hand")
        assert "no whole number" in member.page.inner_text("form.fields"), "beside its field"
        assert member.page.input_value("[id='arg:max_results']") == "two"
        member.page.fill("[id='arg:max_results']", "2")
        member.click("Call it as by-hand")
        assert json.loads(member.page.inner_text("#request")) == {"max_results": 2}
        answer = json.loads(member.page.inner_text("#answer"))
        assert answer == wire.done("gmail_fetch_mails", max_results=2), "the same that an agent gets"
        execution = member.page.inner_text("#outcome p a")
        person.close()
    (record,) = demo.cli_json("logs", "list", "--subject", execution)
    assert record["action"] == "tool.call" and record["actor"].startswith("member:mem_")


def test_a_call_by_hand_that_fails_says_why_and_nothing_destructive_is_done_unmeant(demo, member):
    member.at("/playground?connection=MY_GMAIL&user=nobody-yet&tool=gmail_fetch_mails")
    member.click("Call it as nobody-yet")
    assert "has no account on MY_GMAIL" in member.page.inner_text("ol.why")
    assert not member.faults() and not member.is_wide()
    wire = connected(demo, "by-hand-trash")
    demo.cli("account", "disconnect", account_of(demo, "by-hand-trash")["id"])
    member.at("/playground?connection=MY_GMAIL&user=by-hand-trash&tool=gmail_fetch_mails")
    member.page.fill("[id='arg:query']", HOSTILE)
    member.click("Call it as by-hand-trash")
    assert "/connect/" in member.text("user-link") and member.page.title() != "taken"
    assert member.page.input_value("[id='arg:query']") == HOSTILE
    destructive = next(one["tool"] for one in demo.cli_json("tool", "list", "gmail") if one["effect"] == "destructive")
    member.at(f"/playground?connection=MY_GMAIL&user=by-hand-trash&tool={destructive}")
    member.page.eval_on_selector("input[name=meant]", "box => box.required = false")
    member.click("Call it as by-hand-trash")
    assert "Tick that you mean it" in member.page.inner_text("[role=alert]")
    for query in (f"connection={HOSTILE}", "connection=MY_GMAIL&tool=none", f"connection=MY_GMAIL&q={HOSTILE}"):
        assert member.at(f"/playground?{query}").status == 200 and member.page.title() != "taken"
    assert wire.instance


def test_a_config_is_rolled_back_and_agents_see_it(demo, member):
    one = [{"connection_name": "MY_GMAIL", "tools": ["gmail_fetch_mails"]}]
    wire = connected(demo, "version-user", config="versioned", mappings=one)

    def tools():
        return set(wire.tools())

    (config,) = [one for one in demo.cli_json("config", "list") if one["name"] == "versioned"]
    member.at(f"/configs/{config['id']}/edit")
    member.tick("gmail_send_message")
    member.click("Save")
    assert tools() == {"gmail_fetch_mails", "gmail_send_message"}
    (changed,) = demo.cli_json("config", "diff", "versioned")
    assert changed["added"] == ["gmail_send_message"] and changed["removed"] == []
    member.click("All versions", role="link")
    member.click("Version 2", role="link")
    assert "gmail_send_message" in member.page.inner_text("ins")
    assert not member.faults() and not member.is_wide()
    member.at(f"/configs/{config['id']}/versions/1")
    member.page.get_by_text("Roll back…").click()
    member.click("Roll back to version 1")
    assert "is what it was" in member.page.inner_text("[role=status]") and tools() == {"gmail_fetch_mails"}
    assert [one["version"] for one in demo.cli_json("config", "versions", "versioned")] == [3, 2, 1]
    demo.cli("config", "rollback", "versioned", "2")
    assert tools() == {"gmail_fetch_mails", "gmail_send_message"}
    assert demo.cli("config", "rollback", "versioned", "9", check=False).returncode == 1


def test_calls_are_drawn_listed_narrowed_and_shown_whole(demo, member):
    wire = connected(demo, "call-log")
    wire.done("gmail_fetch_mails", max_results=1)
    wire.refused("gmail_get_message_by_id", message_id="0000000000000000")
    member.go("Tool calls")
    member.type("User", "call-log")
    member.click("Show")

    def rows():
        return [row.inner_text() for row in member.page.locator("tbody tr").all()]

    assert len(rows()) == 2 and "gmail_get_message_by_id" in rows()[0] and "not found" in rows()[0]
    member.page.get_by_label("Ended").select_option("success")
    member.click("Show")
    assert len(rows()) == 1 and "gmail_fetch_mails" in rows()[0]
    member.page.locator("tbody a").first.click()
    assert member.title() == "gmail_fetch_mails" and "call-log" in member.page.inner_text("dl")
    for query, words in (("connection=FAX", "FAX"), ("from=yesterday", "is no day"), (f"user={HOSTILE}", "No call fits"),
                         ("status=odd", "there is no 'odd'"), ("page=x", "")):
        assert member.at(f"/calls?{query}").status in (200, 400) and member.page.title() != "taken"
        assert words in member.page.inner_text("main"), query
    member.at("/")
    drawn = [chart.get_attribute("aria-label") for chart in member.page.locator("svg[role=img]").all()]
    assert len(drawn) == 2 and "of which" in drawn[0] and "half took" in drawn[1]
    assert not member.faults() and not member.is_wide()
    works, text = why(demo, wire.instance["url"], "--tool", "gmail_get_message_by_id")
    assert works and "The last call of gmail_get_message_by_id" in text and "knows no such thing" in text


def test_a_custom_provider_is_made_connected_and_changed_in_two_tabs(demo, member, stranger):
    member.go("Custom providers")
    member.click("Create provider", role="link")
    member.type("Name", "Clicked Desk")
    member.type("Where its API is", "https://api.clickeddesk.example/v2")
    patterns = json.loads(member.page.input_value("#patterns"))
    member.page.fill("#patterns", json.dumps(patterns)[:-2])
    member.click("Create provider")
    assert "not JSON" in member.page.inner_text("#wrong") and member.page.input_value("#name") == "Clicked Desk"
    member.page.fill("#patterns", json.dumps([{**patterns[0], "type": HOSTILE}]))
    member.click("Create provider")
    assert "auth_patterns[0].type" in member.page.inner_text("#wrong") and member.page.title() != "taken"
    member.page.fill("#patterns", json.dumps(patterns))
    member.click("Create provider")
    identifier = member.text("identifier")
    here = member.page.url
    member.click("Create Connection", role="link")
    member.type("Connection Name", "CLICKED_DESK")
    member.click("Save")
    assert member.title() == "CLICKED_DESK"
    (link,) = demo.cli_json("account", "link", "CLICKED_DESK", "of-the-desk")
    stranger.open(link["link"])
    assert stranger.page.get_by_label("API key").count() == 1
    assert identifier in [one["identifier"] for one in demo.api("GET", "/api/v1/providers?filter.provider_type=CUSTOM")["providers"]]
    other = Member(member.person.tab(), demo)
    for one in (member, other):
        one.page.goto(here)
        one.type("What it is", "typed in a tab")
    member.click("Save")
    other.type("What it is", "typed in another")
    other.click("Save")
    assert "changed elsewhere" in other.page.inner_text("#wrong")
    assert other.page.input_value("#description") == "typed in another", "nothing is lost"
    other.click("Save")
    assert "saved" in other.page.inner_text("[role=status]")
    other.page.get_by_text("Delete…").click()
    other.click("Delete this provider")
    assert "delete its connections first" in other.page.inner_text("#wrong")


def test_a_form_sent_after_the_session_ended_goes_on_and_loses_nothing(demo, member, stranger):
    demo.cli("member", "create", "late@example.com", "--role", "developer")
    late = Member(stranger, demo).sign_in("late@example.com")
    late.go("Settings")
    for label in ("New password", "The same again"):
        late.type(label, "correct horse battery")
    late.click("Set password")
    late.at("/configs/create")
    late.type("Name", "sent-too-late")
    late.tick("MY_GMAIL")
    cookies = stranger.context.cookies()
    stranger.context.clear_cookies()
    stranger.context.add_cookies([one for one in cookies if "session" not in one["name"]])
    late.click("Save")
    assert "nothing was changed" in late.page.inner_text("#wrong") and not late.faults()
    late.type("Name", "late@example.com")
    late.type("Password", "correct horse battery")
    late.click("Sign in")
    late.page.wait_for_selector("#send")
    assert late.title() == "Not sent yet" and not late.faults()
    late.click("Send it now")
    assert late.title() == "sent-too-late" and "MY_GMAIL" in late.page.inner_text("main")


def test_who_did_it_stands_in_the_journal_by_name_over_many_pages(demo, member):
    for number in range(55):
        body = {"connector": "MY_GMAIL", "identifier": f"journal-{number}", "connected_account": {}}
        demo.api("POST", "/api/v1/connected_accounts", body)
    member.at("/settings/branding")
    member.type("Its name on consent pages", "Acme Assistant")
    member.click("Save")
    member.go("Journal")
    first = member.page.inner_text("tbody tr >> nth=0")
    assert "environment.updated" in first and "owner" in first
    seen = []
    while True:
        seen += member.page.locator("tbody time").all_inner_texts()
        if not member.page.get_by_role("link", name="Next", exact=True).count() or len(seen) > 500:
            break
        member.click("Next", role="link")
    assert len(seen) > 50 and seen == sorted(seen, reverse=True)
    member.click("Previous", role="link")
    member.at("/logs?of=installation")
    assert "member.signed_in" in member.page.inner_text("tbody")
    assert member.at(f"/logs?subject={HOSTILE}").status == 200 and member.page.title() != "taken"
    assert member.at("/logs?page=nonsense").status == 400


def picture(side=64):
    """A PNG of one colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\x00" + b"\x7a\x1f\xa2" * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_an_app_looks_as_it_chose_where_people_consent(demo, member, stranger):
    member.go("Settings")
    member.click("Branding", role="link")
    logo = {"name": "logo.png", "mimeType": "image/png"}
    for colour, content, words in (
        ("#ffd400", picture(), "contrast of 1.4:1"), (HOSTILE[:7], picture(), "written as #0b5d4e"),
        ("#7a1fa2", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "PNG or JPEG"),
        ("#7a1fa2", picture() + bytes(70_000), "64 KiB"), ("#7a1fa2", picture(1025), "1,024 pixels"),
    ):
        member.type("Its name on consent pages", "Acme Assistant")
        member.type("Colour", colour)
        member.page.set_input_files("#logo", {**logo, "buffer": content})
        member.click("Save")
        assert words in member.page.inner_text("#wrong") and member.page.title() != "taken"
        assert member.page.input_value("#colour") == colour, "what was typed stays"
    member.page.set_input_files("#logo", {**logo, "buffer": bytes(300_000)})
    member.click("Save")
    assert "holds too much" in member.page.inner_text("main")
    member.at("/settings/branding")
    member.type("Its name on consent pages", "Acme Assistant")
    member.type("Colour", "#7a1fa2")
    member.click("Preview")
    assert "not saved yet" in member.page.inner_text("#preview") and not member.faults()
    button = "getComputedStyle(document.querySelector('.sheet .button')).backgroundColor"
    assert member.page.evaluate(button) == "rgb(122, 31, 162)"
    member.page.set_input_files("#logo", {**logo, "buffer": picture()})
    member.click("Save")
    assert "Saved" in member.page.inner_text("[role=status]") and not member.faults() and not member.is_wide()
    (link,) = demo.cli_json("account", "link", "MY_GMAIL", "of-a-brand")
    looks = Member(stranger, demo)
    for scheme, colour in (("light", "rgb(122, 31, 162)"), ("dark", None)):
        stranger.page.emulate_media(color_scheme=scheme)
        stranger.open(link["link"])
        shown = stranger.page.evaluate("getComputedStyle(document.querySelector('#continue')).backgroundColor")
        assert shown == colour or (colour is None and shown not in ("rgb(122, 31, 162)", "rgb(127, 211, 186)"))
        assert stranger.page.evaluate("document.querySelector('img.tile').naturalWidth") == 64
        assert "Acme Assistant" in stranger.words() and not looks.faults() and not looks.is_wide()
    logo_at = stranger.page.get_attribute("img.tile", "src")
    served = stranger.page.request.get(demo.url + logo_at)
    assert served.headers["content-type"] == "image/png" and served.headers["x-content-type-options"] == "nosniff"
    assert served.body() == picture()
    (record,) = demo.cli_json("logs", "list", "--limit", "1", "--subject", demo.cli_json("environment", "get", "development")[0]["id"])
    assert record["detail"]["colour"] == "#7a1fa2" and record["actor"].startswith("member:mem_")
    refused = demo.cli("environment", "update", "development", "--colour", "#ffd400", check=False)
    assert refused.returncode == 1 and "contrast of 1.4:1" in refused.stderr
    demo.cli("environment", "update", "development", "--colour", "", "--no-logo")
    assert demo.cli_json("environment", "get", "development")[0]["colour"] is None
    assert stranger.page.request.get(demo.url + logo_at).status == 404
