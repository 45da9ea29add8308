"""The conformance suite of the Model Context Protocol's own project, at a user's URL, every scenario of it.

Many scenarios call tools, resources or prompts that the suite's own reference server has and a server of somebody's mail
has not. How each ends is written down here, so that a change is seen either way: one that stops passing, one that begins
to, and one that is new.
"""

import json
import re
import subprocess

import pytest

from kit.connected import connected
from kit.places import NODE, NODE_MODULES
from kit.server import clean_environment

PASS = {"server-initialize", "ping", "tools-list", "dns-rebinding-protection"}

# About streams that a session keeps open and takes up again. We open no session (MCP 2025-11-25 makes the session id
# optional), and the scenario stops there with a warning.
NO_SESSION = {"server-sse-polling", "server-sse-multiple-streams"}

# A user's server offers tools only, and says so in its capabilities.
TOOLS_ONLY = {
    "logging-set-level", "completion-complete", "tools-call-with-logging",
    "resources-list", "resources-read-text", "resources-read-binary", "resources-templates-read",
    "resources-subscribe", "resources-unsubscribe",
    "prompts-list", "prompts-get-simple", "prompts-get-with-args", "prompts-get-embedded-resource", "prompts-get-with-image",
}

# They call a diagnostic tool of the suite's reference server, which is on nobody's whitelist.
ITS_OWN_TOOLS = {
    "tools-call-simple-text", "tools-call-image", "tools-call-audio", "tools-call-embedded-resource",
    "tools-call-mixed-content", "tools-call-error", "tools-call-with-progress", "tools-call-sampling",
    "tools-call-elicitation", "elicitation-sep1034-defaults", "elicitation-sep1330-enums", "json-schema-2020-12",
}

EXPECTED = (
    {name: ("SUCCESS", "") for name in PASS}
    | {name: ("WARNING", "") for name in NO_SESSION}
    | {name: ("FAILURE", "this server offers tools only") for name in TOOLS_ONLY}
    | {name: ("FAILURE", "unknown tool") for name in ITS_OWN_TOOLS}
    | {"json-schema-2020-12": ("FAILURE", "Tool 'json_schema_2020_12_tool' not found")}
)


@pytest.fixture(scope="module")
def checks(demo, tmp_path_factory):
    """What the suite found, by scenario."""
    found = tmp_path_factory.mktemp("conformance")
    suite = NODE_MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
    url = connected(demo, "conformance").url
    command = [str(NODE), str(suite), "server", "--url", url, "--suite", "all", "-o", str(found)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=clean_environment())
    results = {}
    for file in found.glob("*/checks.json"):
        scenario = re.fullmatch(r"server-(.+)-\d{4}-\d\d-\d\dT.*", file.parent.name).group(1)
        results[scenario] = json.loads(file.read_text())
    assert results, done.stdout[-2000:] + done.stderr[-2000:]
    return results


def test_every_scenario_of_the_suite_was_run_and_none_is_new(checks):
    assert set(checks) == set(EXPECTED)


@pytest.mark.parametrize("scenario", sorted(EXPECTED))
def test_a_scenario_ends_as_it_is_written_down(checks, scenario):
    status, reason = EXPECTED[scenario]
    told = [check for check in checks[scenario] if check["status"] != "INFO"]
    assert told and {check["status"] for check in told} == {status}, told
    assert all(reason in (check.get("errorMessage") or "") for check in told), told
