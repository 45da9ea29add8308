"""OrganizationService by both official SDKs, unmodified and over TLS."""

import json
import subprocess

import pytest

from kit import scripts
from kit.node import placed
from kit.places import NODE


@pytest.fixture(scope="module")
def seen(demo):
    return scripts.run("organizations.py", env=demo.sdk_env())


def test_an_organisation_is_made_found_and_changed(seen):
    name, external_id, metadata, id = seen["made"]
    assert (name, external_id, metadata) == ("Acme Python", "py-1", {"plan": "gold"})
    assert id.startswith("org_")
    assert seen["got"] and seen["by_external_id"]
    assert seen["changed"] == ["Acme Ltd", {"plan": "gold"}]
    assert seen["listed"] == {"pages": seen["listed"]["pages"], "all": True, "twice": 0}
    assert seen["listed"]["pages"] >= 2


@pytest.mark.parametrize(
    ("case", "kind", "words"),
    [
        ("twice", "ScalekitConflictException", "external_id 'py-1'"),
        ("nameless", "ScalekitBadRequestException", "display_name"),
        ("garbage", "ScalekitBadRequestException", "page token"),
        ("in_use", "ScalekitBadRequestException", "connected accounts belong to"),
        ("gone", "ScalekitNotFoundException", "organisation"),
        ("portal", "ScalekitNotImplementedException", ""),
    ],
)
def test_what_is_refused_is_said(seen, case, kind, words):
    assert seen[case]["class"] == kind and words in seen[case]["text"], seen[case]


def test_an_account_belongs_to_an_organisation(seen):
    assert seen["account"] == [True]


def test_the_node_sdk_does_the_same(demo):
    done = subprocess.run(
        [str(NODE), str(placed("organizations.mjs"))], env=demo.sdk_env(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-4000:]
    seen = json.loads(done.stdout)
    assert seen["made"] == ["Acme Node", "node-1", "acme-node"]
    assert seen["twice"]["class"] == "ScalekitConflictException"
    assert seen["got"] and seen["byExternalId"] and seen["listed"]
    assert seen["changed"] == ["Acme Nodes", {"plan": "gold"}, "node-1"]
    assert seen["found"] == ["Acme Nodes"]
    assert seen["gone"]["class"] == "ScalekitNotFoundException"
