"""The dashboard in headless Chromium: from the printed link to an agent's call, the seed's own words, every page."""

import json
import re
import subprocess
import time

import pytest

from kit import node, scripts
from kit.connected import connected
from kit.dashboard import Member
from kit.mcp import Wire
from kit.model import model, run_seed
from kit.person import Person
from kit.places import NODE, NODE_MODULES, TOOLS
from kit.server import Server, clean_environment

# A browser's pages, most of the time.
pytestmark = pytest.mark.waits

PAGES = ["", "/connections", "/connections/create", "/connections/create/gmail", "/accounts", "/configs", "/configs/create",
         "/instances", "/providers", "/providers/create", "/providers/import", "/providers/create?start=oauth", "/playground",
         "/playground?connection=MY_GMAIL&user=ann", "/why", "/calls", "/events", "/webhooks", "/webhooks/create", "/logs",
         "/logs?of=installation", "/settings", "/settings/branding", "/settings/limits", "/settings/keys"]
LOGIN = re.compile(r"http://localhost:\d+/login/\S+")


# What moves of a page once it is seen, without anybody having done something.
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shifts.push(entry.sources.map((one) => one.node?.outerHTML?.slice(0, 80)));
}).observe({type: "layout-shift", buffered: true});"""


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A server on which nothing was done yet."""
    server = Server(tmp_path_factory.mktemp("empty") / "data", command="serve").start()
    yield server
    server.stop()


@pytest.fixture
def member(demo, person):
    return Member(person, demo)


def test_from_the_printed_link_to_a_call_in_twelve_clicks(fresh, person):
    """Typing only names: the config's and the user's."""
    demo = fresh().start()
    member = Member(person, demo).open_link(LOGIN.search(demo.words()).group())
    member.click("Sign in")
    member.go("MCP configs")
    member.click("Create MCP config", role="link")
    member.type("Name", "my-first")
    member.tick("MY_GMAIL")
    member.tick("gmail_fetch_mails")
    member.click("Save")
    member.type("User", "ann")
    member.click("Get the MCP URL")
    url = member.text("mcp-url")
    member.click("Get links to sign in")
    with member.page.expect_popup() as opened:
        member.click("Sign in to MY_GMAIL", role="link")
    consent = Person.__new__(Person)
    consent.context, consent.page = person.context, opened.value
    consent.press_continue()
    consent.sign_in()
    consent.consent()
    assert consent.told() == "Gmail is connected"
    assert member.clicks + 3 <= 12 and member.typed == ["Name", "User"]
    assert Wire(url).done("gmail_fetch_mails", max_results=1)["messages"]
    member.page.reload()
    assert "active" in member.page.inner_text("main ul.list")


def test_the_seeds_text_word_for_word_then_its_code(empty, person):
    """Settings → environment_url, client_id, client_secret; Connections → Create Connection → Connection Name → Save."""
    member = Member(person, empty).sign_in()
    for app, name in (("Gmail", "MY_GMAIL"), ("Google Calendar", "MY_CALENDAR")):
        assert "AgentKit" in member.page.inner_text("nav")
        member.go("Connections")
        member.click("Create Connection", role="link")
        member.page.get_by_role("link", name=app).click()
        member.type("Connection Name", name)
        member.type("Client ID", "an-oauth-client")
        member.type("Client Secret", "its-secret")
        member.click("Save")
        assert member.title() == name and "ready" in member.page.inner_text(".head")
        assert member.text("redirect-uri").startswith(f"{empty.url}/sso/v1/oauth/conn_")
    member.go("Settings")
    member.type("New client", "my-app")
    member.click("Create API client")
    shown = {name: member.text(f"new-{name}") for name in ("url", "id", "secret")}
    env = empty.sdk_env() | {
        "SCALEKIT_ENV_URL": shown["url"], "SCALEKIT_ENVIRONMENT_URL": shown["url"],
        "SCALEKIT_CLIENT_ID": shown["id"], "SCALEKIT_CLIENT_SECRET": shown["secret"],
    }
    with model() as model_url:
        seen = run_seed(empty, model_url, "john-doe", "reminder-manager", env=env)
    assert seen["tools"] == ["gmail_fetch_mails", "googlecalendar_create_event"]
    assert all(one["link"].startswith(f"{empty.url}/connect/") for one in seen["connections"])
    member.page.reload()
    assert shown["secret"] not in member.page.content(), "a secret is shown once"


def test_the_whole_story_by_clicking_to_the_agents_answer(fresh, person, stranger):
    """A member sets everything up in an environment where nothing was done yet, the user signs in behind the links, and the
    seed's agent does its job. Only what Google does is done for it: its console registers the redirect URI, and its addresses
    are the lab's."""
    demo = fresh().start()
    demo.cli("environment", "create", "shop")
    member = Member(person, demo).open_link(LOGIN.search(demo.words()).group())
    member.click("Sign in")
    member.page.click("details.environments summary")
    member.click("shop", role="link")
    for app, name in (("Gmail", "MY_GMAIL"), ("Google Calendar", "MY_CALENDAR")):
        member.go("Connections")
        member.click("Create Connection", role="link")
        member.page.get_by_role("link", name=app).click()
        member.type("Connection Name", name)
        member.type("Client ID", f"client-{name}")
        member.type("Client Secret", "its-secret")
        member.click("Save")
        register_at_lab(demo, "shop", name, member.text("redirect-uri"))
    member.go("MCP configs")
    member.click("Create MCP config", role="link")
    member.type("Name", "reminder-manager")
    for tick in ("MY_GMAIL", "gmail_fetch_mails", "MY_CALENDAR", "googlecalendar_create_event"):
        member.tick(tick)
    member.click("Save")
    member.go("Settings")
    member.type("New client", "my-app")
    member.click("Create API client")
    shown = {name: member.text(f"new-{name}") for name in ("url", "id", "secret")}
    env = demo.sdk_env() | {
        "SCALEKIT_ENV_URL": shown["url"], "SCALEKIT_CLIENT_ID": shown["id"], "SCALEKIT_CLIENT_SECRET": shown["secret"],
    }
    with model() as model_url:
        before = run_seed(demo, model_url, "john-doe", "reminder-manager", env=env)
        assert before["tools"] == ["gmail_fetch_mails", "googlecalendar_create_event"] and "/connect/" in before["last_words"]
        for connection in before["connections"]:
            stranger.connect(connection["link"])
        after = run_seed(demo, model_url, "john-doe", "reminder-manager", env=env)
    assert after["last_words"].startswith("Done: the reminder"), after
    member.go("Tool calls")
    called = member.page.inner_text("tbody")
    assert all(tool in called for tool in after["tools"]) and "done" in called
    member.go("Connected accounts")
    assert member.page.locator("tbody .badge.active").count() == 2


def register_at_lab(demo, environment, name, redirect_uri):
    """What Google's console and Google's own addresses are to a connection that is made by clicking."""
    lab = demo.lab_url
    flags = ["--authorize-url", f"{lab}/o/oauth2/v2/auth", "--token-url", f"{lab}/token", "--revoke-url", f"{lab}/revoke"]
    flags += ["--identity-url", f"{lab}/v1/userinfo", "--api-base-url", lab, "--client-secret-file", "-"]
    demo.cli("connection", "update", name, "--environment", environment, *flags, stdin="its-secret")
    client = {"id": f"client-{name}", "secret": "its-secret", "redirect_uris": [redirect_uri]}
    demo.control("POST", "/clients", client, expect=None)


LONG = "somebody-with-a-name-that-goes-on-and-on@a-company-whose-name-is-as-long-as-a-name-may-be-here.example"[:100]


def furnish(server):
    """What the demo has none of: many users, a long name, a webhook that sends nothing, a custom provider."""
    if server.cli_json("webhook", "list"):
        return
    (hook,) = server.cli_json("webhook", "create", "https://app.example/hooks/valetkey")
    server.cli("webhook", "update", hook["id"], "--pause")
    key = {"type": "API_KEY", "fields": [{"field_name": "api_key", "label": "API key", "input_type": "password"}]}
    provider = {"display_name": "Acme Desk", "proxy_url": "https://api.acmedesk.example", "auth_patterns": [key]}
    server.api("POST", "/api/v1/custom-providers", provider)
    for user in [*(f"one-of-many-{number}" for number in range(60)), "\u05d3\u05e0\u05d4-42", LONG]:
        body = {"connector": "MY_GMAIL", "identifier": user, "connected_account": {}}
        server.api("POST", "/api/v1/connected_accounts", body)


def test_nothing_moves_when_the_script_comes_late(demo, browser):
    """What only the script shows, the buttons that copy and the fields that narrow a list, has its place before."""
    person = Person(browser)
    person.page.add_init_script(SHIFTS)
    member = Member(person, demo).sign_in()

    def late(route):
        time.sleep(0.4)
        route.continue_()

    person.page.route("**/*.js", late)
    moved, shown = {}, 0
    for page in ("/settings", "/settings/keys", "/configs/create"):
        for width in (1280, 390):
            member.page.set_viewport_size({"width": width, "height": 900})
            member.at(page)
            shown += member.page.locator("[data-copy]:visible, [data-filter]:visible").count()
            moved |= {f"{page} at {width}": found for found in [member.page.evaluate("window.shifts")] if found}
    person.close()
    assert shown >= 6 and not moved, moved


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("environment", ["nothing", "development"])
def test_every_page_with_nothing_and_with_much(demo, browser, environment, scheme):
    """No serious finding by axe, nothing wider than a phone, nothing that moves once it is seen, and a picture of each to be
    looked at."""
    person = Person(browser)
    person.page.add_init_script(SHIFTS)
    person.page.emulate_media(color_scheme=scheme)
    member = Member(person, demo).sign_in()
    folder = TOOLS / "dashboard"
    folder.mkdir(exist_ok=True)
    pages = list(PAGES)
    if environment == "development":
        furnish(demo)
    elif demo.cli("environment", "create", environment, check=False).returncode:
        assert [one for one in demo.cli_json("environment", "list") if one["name"] == environment]
    for kind in ("connections", "accounts", "configs", "instances", "calls", "events", "webhooks", "providers"):
        member.at(f"/{kind}", environment)
        link = member.page.locator("tbody a").first
        if link.count():
            pages.append(link.get_attribute("href").removeprefix(f"/dashboard/{environment}"))
    pages += [f"{page}{rest}" for page in pages if "cfg_" in page for rest in ("/versions", "/versions/1", "/edit")]
    pages += [f"/playground?connection=MY_GMAIL&user=ann&tool={tool}" for tool in ("gmail_send_message", "none")]
    faults, wide, moved = {}, [], {}
    for page in pages:
        for width, height in ((1280, 900), (390, 800)):
            member.page.set_viewport_size({"width": width, "height": height})
            assert member.at(page, environment).status == 200, page
            name = re.sub(r"_[0-9a-z]{26}", "", page).strip("/").replace("/", "-").replace("?", "--") or "overview"
            member.page.screenshot(path=folder / f"{environment}-{name}-{width}-{scheme}.png", full_page=True)
            wide += [f"{page} at {width}"] if member.is_wide() else []
            shifts = member.page.evaluate("window.shifts")
            moved |= {f"{page} at {width}": shifts} if shifts else {}
        faults |= {page: found for found in [member.faults()] if found}
    person.close()
    assert (faults, wide, moved) == ({}, [], {})


def test_the_keyboard_alone_finds_its_way_on_a_phone(demo, member):
    """Past the navigation, into the menu, to a page, and every stop can be seen."""
    member.sign_in()
    member.page.set_viewport_size({"width": 390, "height": 800})
    member.at("/accounts")
    assert not member.page.get_by_role("link", name="Webhooks").is_visible()
    seen = []
    for _ in range(40):
        member.page.keyboard.press("Tab")
        stop = member.page.evaluate(
            "(() => { const at = document.activeElement; const box = at.getBoundingClientRect();"
            " const style = getComputedStyle(at.id === 'menu' ? at.nextElementSibling : at);"
            " return [at.id || at.textContent.trim().slice(0, 40), box.width > 0 && style.outlineStyle !== 'none'] })()"
        )
        seen.append(stop)
        if stop[0] == "menu":
            member.page.keyboard.press("Space")
        if stop[0] == "Webhooks":
            member.page.keyboard.press("Enter")
            break
    assert seen[0][0] == "To the page" and all(visible for _, visible in seen), seen
    member.page.wait_for_url("**/webhooks")
    assert member.title() == "Webhooks"


# What has the focus is noted, and whether one sees that.
NOTED = """window.reached = new Set(); window.unseen = [];
document.addEventListener("focusin", ({target}) => {
  reached.add(target);
  if (getComputedStyle(target).outlineStyle === "none") unseen.push(target.outerHTML.slice(0, 120));
});"""

# What can be used and never had the focus. Of a group of radio buttons one has it, and arrow keys lead to the others.
MISSED = """[...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && one.type !== "hidden" && !one.disabled && !reached.has(one))
  .filter((one) => one.type !== "radio" || ![...reached].some((other) => other.type === "radio" && other.name === one.name))
  .map((one) => one.outerHTML.slice(0, 120))"""


def test_the_keyboard_reaches_what_there_is_on_every_page_and_one_sees_where_it_is(demo, member):
    member.sign_in()
    missed, unseen = {}, {}
    for page in PAGES:
        member.at(page)
        member.page.evaluate(NOTED)
        # A field that has the focus from the beginning is left and come back to.
        before, now = -1, 0
        while before != now:
            before = now
            for _ in range(30):
                member.page.keyboard.press("Tab")
            now = member.page.evaluate("reached.size")
        missed |= {page: found for found in [member.page.evaluate(MISSED)] if found}
        unseen |= {page: found for found in [member.page.evaluate("unseen")] if found}
    assert (missed, unseen) == ({}, {})


def test_each_role_is_offered_what_it_may_and_refused_the_rest(demo, browser):
    offered = {}
    for role in ("owner", "developer", "auditor", "support"):
        demo.cli("member", "create", f"{role}@example.com", "--role", role)
        person = Person(browser)
        member = Member(person, demo).sign_in(f"{role}@example.com")
        member.at("/connections")
        create = member.page.get_by_role("link", name="Create Connection").count() > 0
        member.at("/accounts")
        member.page.locator("tbody a").first.click()
        help_users = member.page.get_by_role("button", name="Make a link to sign in").count() > 0
        member.at("/instances")
        member.page.locator("tbody a").first.click()
        url = member.page.locator("#mcp-url").count() > 0
        member.at("/settings")
        manage = member.page.get_by_role("button", name="Add member").count() > 0
        offered[role] = (create, help_users, url, manage)
        assert (member.at("/connections/create").status == 200) == create
        person.close()
    assert offered == {
        "owner": (True, True, True, True),
        "developer": (True, True, True, False),
        "auditor": (False, False, False, False),
        "support": (False, True, False, False),
    }


def test_a_password_signs_in_and_a_removed_member_is_out_at_once(demo, person, stranger):
    demo.cli("member", "create", "pat@example.com", "--role", "developer")
    member = Member(person, demo).sign_in("pat@example.com")
    member.go("Settings")
    for label in ("New password", "The same again"):
        member.type(label, "correct horse battery")
    member.click("Set password")
    assert "Your password is set" in member.page.inner_text("[role=status]")
    again = Member(stranger, demo)
    again.page.goto(f"{demo.url}/dashboard/development/logs")
    again.type("Name", "PAT@example.com")
    again.type("Password", "wrong horse battery")
    again.click("Sign in")
    assert "do not fit" in again.page.inner_text("[role=alert]")
    again.type("Password", "correct horse battery")
    again.click("Sign in")
    assert again.page.url == f"{demo.url}/dashboard/development/logs", "it goes on to the page that was asked for"
    member.at("/settings")
    browsers = member.page.locator("section[aria-labelledby=you] ul.list li")
    assert browsers.count() == 2 and all("Chrome on Linux" in one for one in browsers.all_inner_texts())
    browsers.get_by_role("button", name="Sign out").click()
    assert "signed out" in member.page.inner_text("[role=status]")
    again.at("/settings")
    assert "/sign-in" in again.page.url, "from another browser, at once"
    demo.cli("member", "delete", "pat@example.com")
    for out in (member, again):
        out.at("/settings")
        assert "/sign-in" in out.page.url


def test_helping_a_user_disconnecting_and_what_the_journal_says(demo, member, stranger):
    wire = connected(demo, "to-be-helped")
    member.sign_in()
    member.go("Connected accounts")
    member.page.get_by_label("Search users").fill("to-be-helped")
    member.click("Search")
    # Both accounts were made at once, so either may come first.
    member.page.locator("tr", has_text="MY_GMAIL").get_by_role("link", name="to-be-helped").click()
    member.page.get_by_text("Disconnect…").click()
    member.click("Disconnect")
    assert "disconnected" in member.page.inner_text(".head")
    assert "/connect/" in wire.refused("gmail_fetch_mails")
    member.click("Make a link to sign in")
    stranger.connect(member.text("user-link"))
    member.page.reload()
    member.at(member.page.url.split("/development")[1].removesuffix("/link"))
    assert "active" in member.page.inner_text(".head")
    who = demo.cli_json("logs", "list", "--limit", "50")
    assert any(one["action"] == "account.disconnected" and one["actor"].startswith("member:mem_") for one in who)


def test_the_snippets_do_what_they_say(demo, member):
    """Those of the clients that the suite has; what each prints names the tool, or its agent does its job."""
    member.sign_in()
    member.at("/instances")
    member.page.locator("tbody a").first.click()
    texts = {}
    for number, entry in enumerate(member.page.locator("details.snippet").all(), start=1):
        client = entry.locator("summary").inner_text().split("\n")[0]
        texts[client] = member.page.locator(f"#snippet-{number}").text_content()
    of = lambda client: texts[next(name for name in texts if name.startswith(client))]
    assert len(texts) == 9, texts.keys()
    with model() as model_url:
        agents = {"OPENAI_BASE_URL": model_url, "OPENAI_API_KEY": "none-needed"}
        told = scripts.ran(of("OpenAI Agents"), "agents", env=agents)
    assert told.startswith('Done: the reminder "Reminder: '), told
    printed = {client: scripts.ran(of(client), environment) for client, environment in (("Python", "mcp2"), ("LangChain", "seed"))}
    printed |= {"Node": node.ran(of("Node")), "curl": shell(of("curl"))}
    # npx would fetch the package that is here already.
    inspector = f"{NODE} {NODE_MODULES / '.bin' / 'mcp-inspector'}"
    printed["MCP Inspector"] = shell(of("MCP Inspector").replace("npx @modelcontextprotocol/inspector", inspector))
    (desktop,) = json.loads(of("Claude Desktop"))["mcpServers"].values()
    assert (desktop["command"], desktop["args"][:2]) == ("npx", ["-y", "mcp-remote"])
    printed["Claude Desktop"] = json.dumps(node.run("remote.mjs", *desktop["args"][2:], "[]", env=clean_environment())["tools"])
    (cursor,) = json.loads(of("Cursor"))["mcpServers"].values()
    printed["Cursor"] = str(Wire(cursor["url"]).legacy("tools/list").result)
    for client, words in printed.items():
        assert "gmail_fetch_mails" in words, (client, words)


def shell(line, **env):
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, env=clean_environment() | env).stdout


def test_claude_code_takes_its_snippet_and_connects(demo, member, tmp_path):
    """The line as the page has it, in a home of its own; asked for the server, the program connects to it. No model is needed."""
    member.sign_in()
    member.at("/instances")
    member.page.locator("tbody a").first.click()
    snippet = member.page.locator("details.snippet", has_text="Claude Code")
    line = snippet.locator("pre").text_content().strip()
    begin, name, url = re.fullmatch(r"(claude mcp add --transport http) (\S+) '(\S+)'", line).groups()
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "claude"
    # Its package has a program for each system, which its own wrapper finds.
    program.write_text(f"#!/bin/sh\ncd '{tmp_path}' && exec {NODE} {NODE_MODULES / '@anthropic-ai' / 'claude-code' / 'cli-wrapper.cjs'} \"$@\"\n")
    program.chmod(0o755)
    env = {"HOME": str(tmp_path), "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "DISABLE_AUTOUPDATER": "1",
           "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "CLAUDE_CONFIG_DIR": str(tmp_path / "claude")}
    assert f"Added HTTP MCP server {name}" in shell(line, **env)
    told = shell(f"claude mcp get {name}", **env)
    assert "Connected" in told and "Failed" not in told and url in told, told
    # So that what it says can be another thing.
    shell(f"claude mcp remove {name} && {begin} {name} '{url[:-4]}AAAA'", **env)
    told = shell(f"claude mcp get {name}", **env)
    assert "Connected" not in told, told


def test_attack_66_the_login_link_is_spent_once_and_never_by_looking(demo, person, stranger):
    (made,) = demo.cli_json("login")
    for somebody in (person, stranger):
        somebody.open(made["link"])
        assert somebody.title() == "Sign in to Valetkey"
    person.page.get_by_role("button", name="Sign in").click()
    assert "/dashboard/" in person.page.url
    stranger.page.get_by_role("button", name="Sign in").click()
    assert stranger.title() == "This link does not open any more"
    assert made["link"].rsplit("/", 1)[1] not in demo.words(), "no log holds it"
