"""The conformance suite of the Model Context Protocol's own project, at a user's URL and at a static one: every scenario that
it demands of the last revision of each era.

Many scenarios call tools of the suite's own reference server. Those that a remote server can have are had from one, behind a
connector whose name makes theirs of its own. What each of the others meets is written down here, so that a change is seen
either way: one that stops passing, one that begins to, and one that is new. Lines go from here, and none are added.
"""

import json
import re
import subprocess

import pytest

from kit import ports
from kit.bearing import bearing
from kit.places import NODE, NODE_MODULES, SCRIPTS, python
from kit.server import Server, clean_environment
from kit.walker import Walker

# About streams that a session keeps open and takes up again. We open no session (MCP 2025-11-25 makes the session id
# optional), and the scenario stops there with a warning that says no more.
NO_SESSION = ("",)
# A user's server offers tools only, and says so in its capabilities.
TOOLS_ONLY = ("this server offers tools only",)
# A diagnostic tool of the suite's reference server that asks its client's model or for its folders, which is passed on in
# neither era, or its user, which is passed on in the modern one alone (decision 53): the remote server has none such.
UNKNOWN = ("unknown tool",)
# The suite answers what it was never asked, without a state: such answers are to nothing, and the user is asked.
NO_STATE = ("Server did not return complete result when valid inputResponses were provided alongside extra keys",)
# Without resources none can be missing: the suite warns that the code is that of an unknown method.
NO_RESOURCES = ("got -32601", "Error data.uri is undefined")

BOTH = {
    "completion-complete": TOOLS_ONLY,
    "tools-list": None,
    "tools-call-simple-text": None,
    "tools-call-image": None,
    "tools-call-audio": None,
    "tools-call-embedded-resource": None,
    "tools-call-mixed-content": None,
    "tools-call-error": None,
    "tools-call-with-progress": None,
    "resources-list": TOOLS_ONLY,
    "resources-read-text": TOOLS_ONLY,
    "resources-read-binary": TOOLS_ONLY,
    "resources-templates-read": TOOLS_ONLY,
    "prompts-list": TOOLS_ONLY,
    "prompts-get-simple": TOOLS_ONLY,
    "prompts-get-with-args": TOOLS_ONLY,
    "prompts-get-embedded-resource": TOOLS_ONLY,
    "prompts-get-with-image": TOOLS_ONLY,
    "dns-rebinding-protection": None,
}

# What each scenario meets that does not pass; none where all of it does.
MEETS = {
    "2025-11-25": {
        **BOTH,
        "server-initialize": None,
        "ping": None,
        "logging-set-level": TOOLS_ONLY,
        "tools-call-with-logging": TOOLS_ONLY,
        "tools-call-sampling": UNKNOWN,
        "tools-call-elicitation": UNKNOWN,
        "elicitation-sep1034-defaults": UNKNOWN,
        "elicitation-sep1330-enums": UNKNOWN,
        "resources-subscribe": TOOLS_ONLY,
        "resources-unsubscribe": TOOLS_ONLY,
        "server-sse-multiple-streams": NO_SESSION,
    },
    "2026-07-28": {
        **BOTH,
        "server-stateless": None,
        "server-sse-multiple-streams": None,
        "caching": TOOLS_ONLY,
        "sep-2164-resource-not-found": NO_RESOURCES,
        "input-required-result-basic-elicitation": None,
        "input-required-result-basic-sampling": UNKNOWN,
        "input-required-result-basic-list-roots": UNKNOWN,
        "input-required-result-request-state": None,
        "input-required-result-multiple-input-requests": UNKNOWN,
        "input-required-result-multi-round": None,
        "input-required-result-missing-input-response": None,
        "input-required-result-non-tool-request": TOOLS_ONLY,
        "input-required-result-result-type": None,
        "input-required-result-unsupported-methods": None,
        "input-required-result-tampered-state": None,
        "input-required-result-capability-check": UNKNOWN,
        "input-required-result-ignore-extra-params": NO_STATE,
        "input-required-result-validate-input": None,
    },
}
# How many scenarios of each may end so.
MOST = {"2025-11-25": 19, "2026-07-28": 18}
KINDS = ("instance", "static")
# Scenarios that the suite runs beside and does not count: extensions, and what is newer than the revision.
UNCOUNTED_LINE = re.compile(r"^  [✓✗] (\S+) \([a-z-]+\)$", re.MULTILINE)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with a connection to one that has the suite's tools."""
    folder = tmp_path_factory.mktemp("suite")
    (port,) = ports.free(1)
    (folder / "connectors").mkdir()
    text = f"connector: test\ndisplay_name: Test\nupstream: mcp\nurl: http://127.0.0.1:{port}/mcp\nauth: [{{kind: none}}]\n"
    (folder / "connectors" / "test.yaml").write_text(text)
    (folder / "data").mkdir()
    (folder / "data" / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{port}"]\n')
    command = [str(python("agents")), str(SCRIPTS / "conformance_upstream.py"), str(port)]
    upstream = subprocess.Popen(command, env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Server(folder / "data", "serve", ("--connectors", str(folder / "connectors")))
    try:
        yield server.start()
    finally:
        server.stop()
        upstream.kill()
        upstream.wait(10)


@pytest.fixture(scope="module")
def urls(server):
    """The user's own URL, and the config's with a session token."""
    server.cli("connection", "create", "test", "--name", "TEST")
    instance = server.instance("ann", "suite", [{"connection_name": "TEST", "tools": []}])
    server.cli("config", "set", "suite", "--questions", "true")
    (entry,) = server.links(instance).values()
    Walker().open(entry["authentication_link"]).submit("continue")
    (config,) = server.api("GET", "/api/v1/mcp/configs?filter.name=suite")["configs"]
    token = server.api("POST", f"/api/v1/mcp/configs/{config['id']}/tokens", {"identifier": "ann"})["token"]
    with bearing(config["mcp_server_url"], token) as static:
        yield {"instance": instance["url"], "static": static}


@pytest.fixture(scope="module")
def found(urls, tmp_path_factory):
    """What the suite found of one revision at one URL, by scenario."""
    ran = {}

    def of(kind, revision):
        if (kind, revision) not in ran:
            ran[kind, revision] = run(urls[kind], revision, tmp_path_factory.mktemp("conformance"))
        return ran[kind, revision]

    return of


def run(url, revision, out):
    suite = NODE_MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
    command = [str(NODE), str(suite), "server", "--url", url, "--requirements", revision, "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=clean_environment())
    checks = {}
    for file in out.glob("*/checks.json"):
        scenario = re.fullmatch(r"server-(.+)-\d{4}-\d\d-\d\dT.*", file.parent.name).group(1)
        checks[scenario] = json.loads(file.read_text())
    assert checks, done.stdout[-2000:] + done.stderr[-2000:]
    for scenario in UNCOUNTED_LINE.findall(done.stdout):
        del checks[scenario]
    return checks


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("revision", MEETS)
def test_every_scenario_of_the_suite_was_run_and_none_is_new(found, kind, revision):
    assert set(found(kind, revision)) == set(MEETS[revision])
    left = [name for name, reasons in MEETS[revision].items() if reasons]
    print(f"\n{revision}, {kind} URL: {len(MEETS[revision]) - len(left)} scenarios pass, {len(left)} are not offered: {left}")
    assert len(left) <= MOST[revision], "scenarios are taken off this list, not put onto it"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("revision, scenario", [(revision, name) for revision in MEETS for name in sorted(MEETS[revision])])
def test_a_scenario_ends_as_it_is_written_down(found, kind, revision, scenario):
    reasons, checks = MEETS[revision][scenario], found(kind, revision)[scenario]
    trouble = [check for check in checks if check["status"] in ("FAILURE", "WARNING")]
    if reasons is None:
        assert not trouble and any(check["status"] == "SUCCESS" for check in checks), checks
        return
    words = [check.get("errorMessage") or "" for check in trouble]
    assert words and all(any(reason in said for reason in reasons) for said in words), trouble


@pytest.mark.parametrize("kind", KINDS)
def test_the_modern_envelope_passes_in_all_that_needs_no_diagnostic_tool(found, kind):
    passed = [check["id"] for check in found(kind, "2026-07-28")["server-stateless"] if check["status"] == "SUCCESS"]
    assert len(passed) >= 20, passed
