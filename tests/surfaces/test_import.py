"""Tools of a custom provider from the document that a real framework makes of an app: FastAPI's own /openapi.json, imported
by the dashboard in Chromium and by the command line, and called by the official Python client at an agent's URL."""

import json
import ssl
import subprocess
import time
import urllib.request

import pytest

from kit import ports
from kit.dashboard import Member
from kit.mcp import Wire
from kit.places import SCRIPTS, python
from kit.server import Server
from kit.signed_in import official

USER = "ann"
KEY = "key-hunter2"
OWN = ("list_tickets_tickets_get", "add_ticket_tickets_post", "read_ticket_tickets_ticket_id_get",
       "delete_ticket_tickets_ticket_id_delete", "add_note_tickets_ticket_id_notes_post")


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A server that trusts the apps' certificate, and two apps: one, and a newer one of it."""
    folder = tmp_path_factory.mktemp("import")
    subprocess.run([python("typed"), SCRIPTS / "tls_pair.py", folder], check=True)
    pair = [folder / "app.pem", folder / "app.key"]
    at = dict(zip(("first", "newer"), ports.free(2)))
    data = folder / "data"
    data.mkdir(mode=0o700)
    allow = ", ".join(f'"127.0.0.1:{port}"' for port in at.values())
    (data / "valetkey.toml").write_text(f"[outbound]\nallow = [{allow}]\n")
    server, processes, documents = Server(data, "serve", env={"SSL_CERT_FILE": str(pair[0])}), [], {}
    try:
        for name, port in at.items():
            log = (folder / f"{name}.log").open("w")
            command = [python("adk"), SCRIPTS / "fastapi_app.py", port, *pair, name]
            processes.append(subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, env={"HOME": str(folder)}))
        for name, port in at.items():
            documents[name] = folder / f"{name}.json"
            documents[name].write_text(document(port, folder / f"{name}.log", pair[0]))
        yield server.start(), at["first"], documents
    finally:
        server.stop()
        for process in processes:
            process.kill()
            process.wait(10)


def document(port, log, trusted):
    """What the app says of itself, once it answers."""
    end, context = time.monotonic() + 60, ssl.create_default_context(cafile=trusted)
    while True:
        try:
            return urllib.request.urlopen(f"https://127.0.0.1:{port}/openapi.json", timeout=5, context=context).read().decode()
        except OSError:
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)


def provider(server, port, name):
    key = {"field_name": "token", "label": "Key", "input_type": "password", "required": True}
    said = {"display_name": name, "proxy_url": f"https://127.0.0.1:{port}", "auth_patterns": [{"type": "BEARER", "fields": [key]}]}
    (made,) = server.cli_json("provider", "create", "-", stdin=json.dumps(said))
    return made["identifier"]


def used(server, identifier, connection, config):
    """The user's server on a connection of this provider, signed in."""
    server.cli("connection", "create", identifier, "--name", connection)
    account = {"connector": connection, "identifier": USER, "connected_account": {
        "authorization_details": {"static_auth": {"details": {"token": KEY}}}}}
    server.api("POST", "/api/v1/connected_accounts", account)
    return Wire(server.instance(USER, config, [{"connection_name": connection, "tools": []}])["url"])


def test_by_the_command_line_and_called_by_the_official_client(there):
    server, port, documents = there
    identifier = provider(server, port, "Desk One")
    told = server.cli_json("provider", "import", identifier, str(documents["first"]), "--dry-run")
    assert {one["state"] for one in told} == {"new", "not taken"} and not server.cli_json("provider", "tools", identifier)
    (refused,) = [one for one in told if one["state"] == "not taken"]
    assert refused["request"] == "paths./tickets/{ticket_id}/files.post" and "multipart/form-data" in refused["why"]
    said = server.cli("provider", "import", identifier, str(documents["first"]), "--effect", f"{OWN[1]}=harmless", check=False)
    assert said.returncode and "EFFECT is read, write or destructive" in said.stderr, said.stderr
    server.cli("provider", "import", identifier, str(documents["first"]), "--effect", f"{OWN[1]}=destructive")
    assert server.cli_json("provider", "tools", identifier)[1]["effect"] == "destructive"
    server.cli("provider", "import", identifier, str(documents["first"]), "--effect", f"{OWN[1]}=write")
    kept = {one["tool"]: one["effect"] for one in server.cli_json("provider", "tools", identifier)}
    assert kept == dict(zip(OWN, ("read", "write", "read", "destructive", "write")))
    wire = used(server, identifier, "DESK", "desk")
    person = {"email": "ann@acme.com", "phone": None}
    calls = [
        ["c-DESK_list_tickets_tickets_get", {"state": ["open", "new"], "limit": 3, "x-trace": "t-1"}],
        ["c-DESK_add_ticket_tickets_post", {"text": "It is broken", "due": "2026-12-24", "asked_by": person, "watchers": [person]}],
        ["c-DESK_read_ticket_tickets_ticket_id_get", {"ticket_id": 404}],
        ["c-DESK_add_note_tickets_ticket_id_notes_post", {"ticket_id": 7, "text": "a & b"}],
        ["c-DESK_add_ticket_tickets_post", {"text": "No one asked"}],
    ]
    seen = official(wire, *calls)
    assert seen["tools"] == [f"c-DESK_{name}" for name in OWN]
    answers = [one["text"] for one in seen["calls"]]
    assert json.loads(answers[0]) == {"key": answers_key(answers[0]), "state": ["open", "new"], "limit": 3, "trace": "t-1"}
    added = json.loads(answers[1])
    assert (added["text"], added["due"], added["watchers"]) == ("It is broken", "2026-12-24", [person])
    assert seen["calls"][2]["is_error"] and "no such ticket" in answers[2], answers[2]
    assert json.loads(answers[3]) == {"id": 7, "text": "a & b"}
    assert seen["calls"][4]["is_error"] and "asked_by" in answers[4], answers[4]
    assert all(KEY not in text for text in answers), "the user's key is in no answer"


def answers_key(text):
    """What the app's answer has in the key's place: never the key."""
    key = json.loads(text)["key"]
    assert key != KEY
    return key


def test_by_the_dashboard_first_and_then_a_newer_document(there, person):
    server, port, documents = there
    identifier = provider(server, port, "Desk Two")
    member = Member(person, server).sign_in()
    member.go("Custom providers")
    member.click("Desk Two", role="link")
    member.click("Import from an OpenAPI document", role="link")
    member.page.set_input_files("#file", str(documents["first"]))
    member.click("Look at it")
    assert "5 tools can be had, 1 cannot" in member.page.inner_text(".lead"), member.page.inner_text("main")
    member.page.get_by_role("checkbox", name="Delete Ticket").uncheck()
    member.page.get_by_label(f"What {OWN[2]} does").select_option("write")
    member.click("Save tools")
    shown = member.page.inner_text("section[aria-label=Tools]")
    assert OWN[0] in shown and OWN[3] not in shown and "Desk & Co 1.0" in shown, shown
    wire = used(server, identifier, "DESK_2", "desk-2")
    assert official(wire, ["c-DESK_2_read_ticket_tickets_ticket_id_get", {"ticket_id": 8}])["calls"][0]["text"] == '{"id":8}'
    effects = lambda: {one["tool"]: one["effect"] for one in server.cli_json("provider", "tools", identifier)}
    assert (effects()[OWN[0]], effects()[OWN[2]]) == ("read", "write")
    member.click("Import a newer document", role="link")
    member.page.fill("#document", documents["newer"].read_text())
    member.click("Look at it")
    lead = member.page.inner_text(".lead")
    assert "version 2.0, after 1.0: 1 new, 0 changed, 4 as before, 0 gone" in lead, lead
    member.page.get_by_role("checkbox", name="Set State").check()
    member.click("Save tools")
    seen = official(wire, ["c-DESK_2_set_state_tickets_ticket_id_state_post", {"ticket_id": 8, "state": "shut"}])
    assert len([name for name in seen["tools"] if name.startswith("c-DESK_2_")]) == 5, "without a new URL"
    assert effects()[OWN[2]] == "write", "what somebody said stays"
    actions = [one["action"] for one in server.cli_json("logs", "list", "--limit", "100")]
    assert actions.count("provider.tools_imported") >= 2
    member.at(f"/playground?connection=DESK_2&user={USER}&tool=c-DESK_2_read_ticket_tickets_ticket_id_get")
    member.page.fill("[id='arg:ticket_id']", "9")
    member.click(f"Call it as {USER}")
    assert '"id": 9' in member.page.inner_text("main")


def test_a_new_provider_is_made_of_a_document(there, person):
    server, port, documents = there
    member = Member(person, server).sign_in()
    member.at("/providers")
    member.click("New from an OpenAPI document", role="link")
    member.page.set_input_files("#file", str(documents["newer"]))
    member.click("Look at it")
    assert member.page.input_value("#name") == "Desk Co" and "BEARER" in member.page.input_value("#patterns")
    member.type("Name", "Desk Three")
    member.type("Where its API is", f"https://127.0.0.1:{port}")
    member.click("Create provider")
    assert member.title() == "Choose the tools of Desk Three"
    member.click("Only those that read")
    member.click("Save tools")
    shown = member.page.inner_text("section[aria-label=Tools]")
    assert OWN[0] in shown and "_post" not in shown, shown


def test_the_pages_are_for_everybody_and_fit_a_phone(there, person):
    server, port, documents = there
    identifier = provider(server, port, "Desk Four").lower()
    member = Member(person, server).sign_in()
    for scheme in ("light", "dark"):
        person.page.emulate_media(color_scheme=scheme)
        for path in (f"/providers/{identifier}/import", "/providers/import", f"/providers/{identifier}"):
            member.at(path)
            fits(member, f"{path}, {scheme}")
        member.at(f"/providers/{identifier}/import")
        member.page.set_input_files("#file", str(documents["first"]))
        member.click("Look at it")
        fits(member, f"review, {scheme}")
        if scheme == "light":
            member.click("Save tools")
            fits(member, "the provider with tools")


def fits(member, what):
    for width in (1280, 390):
        member.page.set_viewport_size({"width": width, "height": 900})
        assert not member.is_wide(), f"{what} at {width}"
        assert not member.faults(), f"{what} at {width}: {member.faults()}"
