"""The seed's story with the official Python SDK, LangChain's adapters and a scripted model; all else is real."""

import json
import subprocess

import pytest

from kit.model import model, run_seed
from kit.places import SCRIPTS, python


@pytest.fixture(scope="module")
def model_url():
    with model() as url:
        yield url


def test_before_consent_the_agent_ends_with_a_link_and_after_it_finishes_the_job(demo, person, model_url):
    user, config = "john-doe", "reminder-manager"
    before = run_seed(demo, model_url, user, config)
    assert before["again"] == [before["instance"], before["url"]]
    assert before["tools"] == ["gmail_fetch_mails", "googlecalendar_create_event"]
    assert [(c["name"], c["status"], c["provider"]) for c in before["connections"]] == [
        ("MY_GMAIL", "PENDING_AUTH", "GMAIL"),
        ("MY_CALENDAR", "PENDING_AUTH", "GOOGLECALENDAR"),
    ]
    assert all(c["link"].startswith(f"{demo.url}/connect/") for c in before["connections"])
    assert f"{demo.url}/connect/" in before["last_words"]

    for connection in before["connections"]:
        person.connect(connection["link"])
    after = run_seed(demo, model_url, user, config)
    assert [c["status"] for c in after["connections"]] == ["ACTIVE", "ACTIVE"]
    assert after["url"] == before["url"]
    assert after["last_words"].startswith("Done: the reminder")


def test_what_else_the_document_promises(demo):
    """A second create_config, listing by name, tools=[], and name= given to ensure."""
    done = subprocess.run(
        [str(python("seed")), str(SCRIPTS / "promises.py")],
        env=demo.sdk_env(), capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    seen = json.loads(done.stdout)
    assert seen["second_create"]["class"] == "ScalekitConflictException"
    assert seen["config_id"] in seen["second_create"]["text"]
    assert "list_configs" in seen["second_create"]["text"]
    assert seen["listed_by_name"] == [seen["config_id"]]
    assert seen["all_tools"] > 2
    assert seen["named"] == ["n1", "n1"] and seen["named_is_stable"]
    assert seen["unknown_connection"]["class"] == "ScalekitBadRequestException"
    assert "MY_GMAIL" in seen["unknown_connection"]["text"]
    assert seen["unknown_tool"]["class"] == "ScalekitBadRequestException"
    assert "tool not found" in seen["unknown_tool"]["text"]
    assert "gmail_fetch_mails" in seen["unknown_tool"]["text"]
    assert seen["tool_of_another"]["class"] == "ScalekitBadRequestException"
    assert "map a connection of googlecalendar" in seen["tool_of_another"]["text"]
    assert seen["bad_name"]["class"] == "ScalekitBadRequestException"
    assert seen["unknown_instance"]["class"] == "ScalekitNotFoundException"
    assert seen["unknown_instance"]["code"] == "RESOURCE_NOT_FOUND"
    assert seen["wrong_secret"]["class"] == "ScalekitUnauthorizedException"
