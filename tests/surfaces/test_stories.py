"""The agents that developers build first, each a script over the unmodified Python SDK: the quickstart, a scheduler, a daily
briefing, and a triage from Slack to GitHub."""

import pytest

from kit import scripts
from kit.connected import connected
from kit.model import model
from kit.server import Server
from kit.team import team


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A demo with `github-connect` and `slack-connect`, whose APIs are a stand-in."""
    with team() as apps:
        data = tmp_path_factory.mktemp("stories") / "data"
        data.mkdir(mode=0o700)
        (data / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{apps.port}"]\n')
        server = Server(data).start()
        try:
            for connector in ("github", "slack"):
                flags = ["--api-base-url", apps.url, "--client-id", "stories", "--client-secret-file", "-"]
                server.cli("connection", "create", connector, "--name", f"{connector}-connect", *flags, stdin="a-secret")
            yield server, apps
        finally:
            server.stop()


def story(server, name, user, **own):
    return scripts.run("stories.py", name, user, env={**server.sdk_env(), **own})


def test_quickstart_an_account_without_a_token_gets_a_link_and_with_one_it_calls(there):
    server, apps = there
    before = story(server, "quickstart", "quick")
    assert before["link"].startswith(f"{server.url}/connect/")
    after = story(server, "quickstart", "quick", GITHUB_TOKEN=apps.tokens["github"])
    assert after == {"status": "ACTIVE", "repos": ["acme/app"]}


def test_a_scheduler_reads_a_mail_makes_an_event_and_drafts_an_answer(there):
    server, _ = there
    connected(server, "scheduler")
    seen = story(server, "scheduler", "scheduler")
    assert seen["busy"] == 0 and seen["after"] == [seen["event"]] and seen["event"].startswith("About: Invoice")
    assert seen["draft"]


def test_a_briefing_gives_a_model_the_users_tools_and_makes_the_calls_it_wants(there):
    server, _ = there
    connected(server, "briefing")
    with model() as url:
        seen = story(server, "briefing", "briefing", OPENAI_BASE_URL=url, OPENAI_API_KEY="none-needed")
    assert seen["tools"] > 80 and seen["called"] == ["gmail_fetch_mails", "googlecalendar_create_event"]
    assert seen["said"].startswith('Done: the reminder "Reminder: ')


def test_a_triage_files_what_is_said_in_a_channel_and_answers_in_its_thread(there):
    server, apps = there
    seen = story(server, "triage", "triage", GITHUB_TOKEN=apps.tokens["github"], SLACK_TOKEN=apps.tokens["slack"])
    assert seen["opened"] == ["https://github.com/acme/app/issues/1"]
    (issue,) = apps.issues
    assert issue["title"].startswith("Export fails") and issue["labels"] == ["bug"]
    (reply,) = apps.replies
    assert reply["thread_ts"] == "1764374400.000100" and reply["text"] == f"Filed as {seen['opened'][0]}"
