"""Agents of five frameworks, unmodified, that are given a user's URL and nothing else, with a scripted model: before
consent they end with the link, after it they do the job."""

import subprocess

import pytest

from kit.connected import connected
from kit.model import model
from kit.node import placed
from kit.places import NODE, SCRIPTS, python
from kit.server import clean_environment

FRAMEWORKS = ["openai_agents", "pydantic_ai", "crewai", "vercel", "mastra"]


@pytest.fixture(scope="module")
def model_url():
    with model() as url:
        yield url


def last_words(framework, url, model_url):
    """What that framework's agent says in the end."""
    if framework in ("vercel", "mastra"):
        command = [str(NODE), str(placed("frameworks.mjs")), framework, url]
    else:
        environment = "crewai" if framework == "crewai" else "agents"
        command = [str(python(environment)), str(SCRIPTS / "frameworks.py"), framework, url]
    quiet = {"MASTRA_TELEMETRY_DISABLED": "1", "CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TRACING_ENABLED": "false"}
    own = {"OPENAI_BASE_URL": model_url, "OPENAI_API_KEY": "none-needed", **quiet}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**clean_environment(), **own})
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_agent_ends_with_the_link_before_consent_and_does_the_job_after_it(demo, model_url, framework):
    user = f"agents-{framework.replace('_', '-')}"
    before = last_words(framework, demo.instance(user)["url"], model_url)
    assert f"{demo.url}/connect/" in before
    after = last_words(framework, connected(demo, user).url, model_url)
    assert after.startswith('Done: the reminder "Reminder: ')
