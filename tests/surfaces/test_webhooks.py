"""Events on their way to an app's webhook: signed so that the Standard Webhooks library and the official SDK take them, at
least once, in order for each account, and nowhere else than the operator said."""

import json
import re

import pytest

from kit import node, scripts
from kit.dashboard import Member
from kit.receiver import receiving
from kit.server import Server, clean_environment


@pytest.fixture(scope="module")
def hook():
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def demo(tmp_path_factory, hook):
    server = served(tmp_path_factory.mktemp("webhooks") / "data", hook).start()
    yield server
    server.stop()


def served(data, hook):
    data.mkdir()
    (data / "valetkey.toml").write_text(f'[outbound]\nallow = ["{hook.address}"]\n')
    return Server(data)


@pytest.fixture(autouse=True)
def empty(request):
    """Each test has the receiver for itself: no webhook from before, and nothing received."""
    if "demo" in request.fixturenames:
        demo, hook = request.getfixturevalue("demo"), request.getfixturevalue("hook")
        for webhook in demo.cli_json("webhook", "list"):
            demo.cli("webhook", "delete", webhook["id"])
        with hook.changed:
            hook.came.clear()
            hook.answers.clear()


def created(server, hook, *flags, path=""):
    return server.cli_json("webhook", "create", hook.url + path, *flags)[0]


def made(server, user):
    """An account of this user, made by the API."""
    body = {"connector": "MY_GMAIL", "identifier": user, "connected_account": {}}
    return server.api("POST", "/api/v1/connected_accounts", body)["connected_account"]["id"]


def message(secret, headers, body):
    kept = {name: headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    return {"secret": secret, "headers": kept, "body": body.decode()}


def test_receivers_libraries_take_what_comes_and_nothing_that_was_changed(demo, hook):
    secret = created(demo, hook)["secret"]
    account = made(demo, "ann@hooks")
    headers, body = hook.wait_for("created", "ann@hooks")
    right = message(secret, headers, body)
    wrong = [
        {**right, "body": right["body"].replace("ann@hooks", "bob@hooks")},
        {**right, "headers": {**right["headers"], "webhook-id": "evt_other"}},
        {**right, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="},
    ]
    taken, *refused = scripts.run("standard_webhooks.py", asked=[right, *wrong], environment="webhooks")
    assert taken["event"]["data"]["id"] == account and taken["event"]["spec_version"] == "1"
    assert taken["event"]["id"] == headers["webhook-id"] and taken["event"]["object"] == "ConnectedAccount"
    assert all("refused" in one for one in refused), refused
    for verdicts in (
        scripts.run("sdk_webhooks.py", asked=[right, *wrong]),
        node.run("webhooks.mjs", asked=[right, *wrong], env=clean_environment()),
    ):
        taken, *refused = verdicts
        assert taken is True and all(one is not True for one in refused), refused
    assert secret not in demo.cli("webhook", "list").stdout and secret not in demo.words()


def test_a_webhook_made_by_clicking_signs_with_the_secret_that_was_shown_once(demo, hook, person):
    member = Member(person, demo).sign_in()
    member.go("Webhooks")
    member.click("Create webhook", role="link")
    member.type("URL", "ftp://nowhere")
    member.click("Create webhook")
    assert "only https is called" in member.page.inner_text("#wrong") and member.page.input_value("#url") == "ftp://nowhere"
    member.type("URL", hook.url)
    member.tick("Connected account created")
    member.click("Create webhook")
    secret = member.text("new-secret")
    made(demo, "ann@clicks")
    headers, body = hook.wait_for("created", "ann@clicks")
    (taken,) = scripts.run("standard_webhooks.py", asked=[message(secret, headers, body)], environment="webhooks")
    assert taken["event"]["id"] == headers["webhook-id"]
    member.go("Webhooks")
    member.click(hook.url, role="link")
    assert secret not in member.page.content() and "1 kind" not in member.page.inner_text(".head")
    assert member.page.locator("input[name=kind]:checked").count() == 1, "only what was ticked"
    member.go("Events")
    member.page.get_by_label("What happened").select_option("connected_account.created")
    member.click("Show")
    member.page.locator("tbody a").first.click()
    assert json.loads(member.text("event-data"))["identifier"] == "ann@clicks"
    assert re.search(r"delivered.*the receiver answered 20\d in \d+ ms, one try", member.page.inner_text("main"), re.S)
    member.click(f"Send again to {hook.url}")
    assert "being sent again" in member.page.inner_text("[role=status]")
    assert [one["webhook-id"] for _, one, _ in hook.wait(2)] == [headers["webhook-id"]] * 2
    (arrived,) = demo.cli_json("webhook", "deliveries", demo.cli_json("webhook", "list")[0]["id"])
    assert (arrived["event"], arrived["type"]) == (headers["webhook-id"], "connected_account.created"), arrived
    assert 200 <= arrived["status"] < 300 and arrived["took_ms"] >= 0, arrived
    member.page.reload()
    assert member.page.locator("section[aria-labelledby=arrived] tbody tr").count() == 1


def test_both_secrets_sign_while_one_takes_the_place_of_the_other(demo, hook):
    webhook = created(demo, hook)
    newer = demo.cli_json("webhook", "rotate", webhook["id"])[0]["secret"]
    made(demo, "cid@hooks")
    headers, body = hook.wait_for("created", "cid@hooks")
    both = [message(secret, headers, body) for secret in (webhook["secret"], newer)]
    assert all("event" in one for one in scripts.run("standard_webhooks.py", asked=both, environment="webhooks"))
    newest = demo.cli_json("webhook", "rotate", webhook["id"], "--hours", "0")[0]["secret"]
    made(demo, "dan@hooks")
    headers, body = hook.wait_for("created", "dan@hooks")
    all_three = [message(secret, headers, body) for secret in (webhook["secret"], newer, newest)]
    said = scripts.run("standard_webhooks.py", asked=all_three, environment="webhooks")
    assert ["event" in one for one in said] == [False, False, True]


def test_a_receiver_that_was_down_gets_everything_in_order_and_others_do_not_wait(demo, hook):
    created(demo, hook)
    hook.answers += [500]
    account = made(demo, "eve@hooks")
    hook.wait_for("created", "eve@hooks")
    demo.api("POST", f"/api/v1/connected_accounts/{account}:disconnect", {})
    demo.api("POST", "/api/v1/connected_accounts:delete", {"id": account})
    made(demo, "fay@hooks")
    hook.wait_for("created", "fay@hooks")
    hook.wait_for("deleted", "eve@hooks")
    kinds = hook.kinds("eve@hooks")
    assert kinds == ["created", "created", "status_updated", "deleted"], kinds
    told = [json.loads(body) for _, _, body in hook.came]
    eves = [event["id"] for event in told if event["data"]["identifier"] == "eve@hooks"]
    assert eves[0] == eves[1] and len(set(eves)) == 3, "what comes again has its id again"
    users = [event["data"]["identifier"] for event in told]
    assert users.index("fay@hooks") < len(users) - 1 - users[::-1].index("eve@hooks"), users


def test_what_arrived_can_be_sent_again(demo, hook):
    webhook = created(demo, hook)
    made(demo, "gus@hooks")
    headers, body = hook.wait_for("created", "gus@hooks")
    demo.cli("webhook", "replay", webhook["id"], "--event", headers["webhook-id"])
    (_, _, first), (_, again, second) = hook.wait(2)
    assert first == second == body and again["webhook-id"] == headers["webhook-id"]
    done = demo.cli("webhook", "replay", webhook["id"], "--event", "evt_none", check=False)
    assert done.returncode == 1 and "evt_none" in done.stderr
    assert "0 events" in demo.cli("webhook", "replay", webhook["id"], "--dead").stdout
    assert demo.cli_json("webhook", "dead-letters", webhook["id"]) == []


def test_attack_37_a_redirect_is_not_followed(demo, hook):
    webhook = created(demo, hook)
    hook.answers += [(307, {"location": f"http://{hook.address}/elsewhere"})]
    made(demo, "hal@hooks")
    hook.wait(2)
    assert {path for path, _, _ in hook.came} == {"/hook"}, "it was tried again where it was to go"
    hook.answers += [(410, {})]
    made(demo, "ida@hooks")
    hook.wait_for("created", "ida@hooks")
    webhook = paused(demo, webhook["id"])
    assert "410" in webhook["last_error"] and webhook["accounts_waiting"] == 1
    demo.cli("webhook", "update", webhook["id"], "--resume")


def paused(demo, id):
    """The webhook, once it is paused and its last try is told."""
    import time

    end = time.monotonic() + 20
    while True:
        webhook = demo.cli_json("webhook", "get", id)[0]
        if webhook["state"] == "paused" and webhook["last_error"]:
            return webhook
        assert time.monotonic() < end, webhook
        time.sleep(0.05)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/hook", "https://127.0.0.1/hook", "https://10.0.0.7/hook", "https://[::1]/hook", "http://example.org/",
     "https://169.254.169.254/latest/meta-data", "https://localhost/hook", "ftp://example.org/", "hook"],
)
def test_attack_35_private_addresses_are_refused_unless_allowed(demo, hook, url):
    done = demo.cli("webhook", "create", url, check=False)
    assert done.returncode == 1 and "webhook's URL" in done.stderr, done.stderr
    assert demo.cli_json("webhook", "list") == []


def test_what_is_wrong_is_named(demo, hook):
    for arguments, words in [
        (["create", hook.url, "--event", "connected_account.delete"], "connected_account.deleted"),
        (["get", "whk_none"], "whk_none"),
        (["get", "zebra"], "whk_"),
        (["rotate", created(demo, hook)["id"], "--hours", "169"], "seven days"),
    ]:
        done = demo.cli("webhook", *arguments, check=False)
        assert done.returncode == 1 and words in done.stderr, (arguments, done.stderr)


def test_another_environments_webhook_is_told_nothing_and_not_found(demo, hook):
    demo.cli("environment", "create", "hooks-stranger")
    theirs = json.loads(demo.cli("webhook", "--environment", "hooks-stranger", "--json", "create", hook.url + "/theirs").stdout)[0]
    created(demo, hook)
    made(demo, "jim@hooks")
    hook.wait_for("created", "jim@hooks")
    assert {path for path, _, _ in hook.came} == {"/hook"}
    assert demo.cli("webhook", "get", theirs["id"], check=False).returncode == 1
    demo.cli("webhook", "--environment", "hooks-stranger", "delete", theirs["id"])


@pytest.mark.parametrize("failpoint", ["delivery.claimed", "delivery.answered"])
def test_what_was_on_its_way_when_the_server_died_comes_again(tmp_path, failpoint):
    with receiving() as hook:
        server = served(tmp_path / "data", hook).start()
        # The demo makes links of its own when it starts.
        created(server, hook, "--event", "connected_account.created")
        server.stop()
        server.start(failpoint=failpoint)
        made(server, "kim@hooks")
        server.has_died()
        before = len(hook.came)
        assert before == (1 if failpoint == "delivery.answered" else 0)
        server.start()
        hook.wait(before + 1)
        server.stop()
        ids = {json.loads(body)["id"] for _, _, body in hook.came}
        assert set(hook.kinds()) == {"created"} and len(ids) == 1
