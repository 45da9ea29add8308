"""Both official SDKs, the newest and the oldest that have AgentKit as it is now: each method of theirs over TLS, with success
and refused."""

import json
import re
import subprocess
from collections import Counter

import pytest

from kit import scripts
from kit.connected import connected
from kit.node import placed
from kit.places import NODE, REPOSITORY

# The oldest of Python's with configs and instances; 2.4.10 has the older kind of MCP server alone. Of Node's published ones
# 2.5.1 is the first with connected accounts and tools.
PYTHON = {"seed": "2.21.0", "oldest": "2.4.11"}
NODES = {"@scalekit-sdk/node": "2.11.0", "scalekit-node-oldest": "2.5.1"}
CALLERS = REPOSITORY / "crates" / "api" / "tests" / "api" / "callers.tsv"
# Called where a person signs in between, in test_verify.py.
ELSEWHERE = {
    "ActionClient.verify_connected_account_user", "ConnectedAccountsClient.verify_connected_account_user",
    "ActionsClient.verifyConnectedAccountUser", "ConnectedAccountsClient.verifyConnectedAccountUser",
}
# What the app answers is not ours to refuse; test_proxy.py has what is.
NEVER_REFUSED = {"ActionClient.request", "ActionsClient.request"}
# Sign-on of organisations, which is no part of this server.
SIGN_ON = {
    "get_connection", "list_connections_by_domain", "list_connections", "enable_connection", "disable_connection",
    "create_connection", "delete_connection",
}
REFUSALS = {
    "get_connected_account": "NotFound", "get_authorization_link": "NotFound", "create_connected_account": "Conflict",
    "get_or_create_connected_account": "NotFound", "update_connected_account": "NotFound",
    "delete_connected_account": "NotFound", "execute_tool": "BadRequest", "list_tools": "BadRequest",
    "list_scoped_tools": "BadRequest", "create_config": "Conflict", "list_configs": "BadRequest",
    "update_config": "NotFound", "ensure_instance": "NotFound", "get_instance": "NotFound",
    "get_instance_auth_state": "NotFound", "update_instance": "NotFound", "delete_instance": "NotFound",
    "delete_config": "NotFound", "list_instances": "BadRequest",
}


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def asked_for(demo):
    """How often each gRPC method was asked for."""
    text, counts = demo.answer("GET", "/metrics")[1], Counter()
    for line in re.findall(r"^valetkey_requests_total\{(.*)\} (\d+)$", text, re.MULTILINE):
        labels = dict(re.findall(r'(\w+)="([^"]*)"', line[0]))
        if labels["surface"] == "grpc":
            counts[labels["route"]] += int(line[1])
    return counts


def known_callers(column):
    """The methods that docs/METHODS.md says this SDK calls, but for those that other tests call: organisations', and one where
    a person signs in between."""
    lines = [line.split("\t") for line in CALLERS.read_text().splitlines() if not line.startswith("#")]
    called = {f"/scalekit.v1.{service}/{method}" for service, method, *columns in lines if columns[column]}
    return {method for method in called if "OrganizationService" not in method and not method.endswith("/VerifyConnectedAccountUser")}


def check_callers(demo, before, column, newest):
    called = set(asked_for(demo) - before)
    assert called == known_callers(column) if newest else called < known_callers(column)


def check(seen, version, kind):
    assert seen["version"] == version
    assert not set(seen["left"]) - ELSEWHERE, "methods that nobody calls"
    assert len(seen["seen"]) >= 15 and all(one["ok"] for one in seen["seen"].values())
    assert len(seen["paged"]) >= 3, seen["paged"]
    for name, list_of in seen["paged"].items():
        pages = list_of["pages"]
        followed = {"back": True, **list_of}
        assert pages >= 2 and followed == {"pages": pages, "different": pages, "first": "", "back": True}, (name, list_of)
    assert sum("back" in list_of for list_of in seen["paged"].values()) >= 2, seen["paged"]
    unrefused = {name for name, one in seen["seen"].items() if "refused" not in one}
    assert not unrefused - NEVER_REFUSED, "methods that nobody saw refused"
    for name in SIGN_ON:
        for case in (name, camel(name)):
            one = seen["seen"].get(f"ConnectionClient.{case}")
            assert one is None or one["refused"] == "ScalekitNotImplementedException", (case, one)
    for name, why in REFUSALS.items():
        for case in (name, camel(name)):
            one = seen["seen"].get(f"{kind}.{case}")
            if one:
                assert one.get("refused") == f"Scalekit{why}Exception", (case, one)


@pytest.mark.parametrize(("environment", "version"), PYTHON.items())
def test_every_method_of_the_python_sdk(demo, environment, version):
    user = f"every-{environment}"
    connected(demo, user, config="every", mappings=[{"connection_name": "MY_GMAIL", "tools": []}])
    before = asked_for(demo)
    seen = scripts.run("every_method.py", user, env=demo.sdk_env(), environment=environment)
    check_callers(demo, before, 0, environment == "seed")
    check(seen, version, "ActionClient")
    check(seen, version, "ActionMcp")
    assert seen["langchain"] in (True, None if environment == "oldest" else True)


@pytest.mark.parametrize(("package", "version"), NODES.items())
def test_every_method_of_the_node_sdk(demo, package, version):
    user = f"every-node-{version}"
    connected(demo, user, config="every", mappings=[{"connection_name": "MY_GMAIL", "tools": []}])
    command = [NODE, placed("every_method.mjs"), package, user]
    before = asked_for(demo)
    done = subprocess.run([str(part) for part in command], env=demo.sdk_env(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-4000:]
    check_callers(demo, before, 1, package == "@scalekit-sdk/node")
    check(json.loads(done.stdout), version, "ActionsClient")
