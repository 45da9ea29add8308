"""The command line as its user meets it: with the server running (through its socket) and without (on the folder)."""

import json
import os
import re
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from kit.places import BINARY
from kit.server import Server

ESCAPE = "\x1b[2J\x1b]0;taken\x07\x9b31m"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A server with one thing of each kind; tests start and stop it."""
    server = Server(tmp_path_factory.mktemp("cli") / "data", command="serve").start()
    ids = {"client": server.cli_json("client", "create", "app")[0]["client_id"]}
    ids["connection"] = server.cli_json("connection", "create", "gmail", "--name", "MY_GMAIL", "--client-id", "x")[0]["id"]
    tools = "MY_GMAIL=gmail_fetch_mails,gmail_send_message"
    ids["config"] = server.cli_json("config", "create", "agent", "--connection", tools)[0]["id"]
    ids["instance"] = server.cli_json("instance", "ensure", "agent", "ann")[0]["id"]
    custom = {"display_name": "Acme", "proxy_url": "https://api.acme.com", "auth_patterns": [{"type": "NO_AUTH"}]}
    ids["provider"] = server.cli_json("provider", "create", "-", stdin=json.dumps(custom))[0]["identifier"]
    # A link needs an OAuth client with its secret.
    server.cli("connection", "update", "MY_GMAIL", "--client-secret-file", "-", stdin="marked-secret-1")
    server.cli("account", "link", "MY_GMAIL", "ann")
    ids["account"] = server.cli_json("account", "list")[0]["id"]
    server.ids = ids
    yield server
    server.stop()


def running(server):
    return server if server.process.poll() is None else server.start()


@pytest.fixture(scope="module", params=["running", "stopped"])
def either(request, shop):
    """The same folder, served and not; the tests that take it run once for each, one after the other."""
    shop.way = request.param
    if request.param == "running":
        return running(shop)
    shop.stop()
    return shop


NOUNS = ["environment", "client", "connector", "provider", "tool", "connection", "account", "config", "instance", "logs"]
GETS = [
    ("environment", "development"), ("client", "client"), ("connector", "gmail"), ("tool", "gmail_fetch_mails"),
    ("connection", "MY_GMAIL"), ("connection", "connection"), ("config", "config"), ("provider", "provider"), ("account", "account"), ("config", "agent"), ("instance", "instance"),
]


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_lists_as_an_aligned_table_and_as_json(either, noun):
    rows = either.cli_json(noun, "list")
    lines = either.cli(noun, "list").stdout.splitlines()
    assert len(rows) == len(lines) - 1 > 0
    head = lines[0]
    assert head == head.upper() and head.split() == [name.upper() for name in rows[0]]
    starts = [match.start() for match in re.finditer(r"\S+", head)]
    for line in lines[1:]:
        assert all(line[start - 2 : start].strip() == "" for start in starts[1:]), f"{head}\n{line}"
    first = next(iter(rows[0].values()))
    assert lines[1].startswith(str(first))


@pytest.mark.parametrize(("noun", "name"), GETS)
def test_every_noun_gets_one_by_its_name_or_id(either, noun, name):
    name = either.ids.get(name, name)
    rows = either.cli_json(noun, "get", name)
    assert len(rows) == 1 and name in rows[0].values()
    plain = either.cli(noun, "get", name).stdout
    assert all(key in plain for key in rows[0])


def test_things_are_made_either_way(either):
    made = either.cli_json("client", "create", f"made-{either.way}")[0]
    assert made["client_secret"] and made["client_id"].startswith("skc_")
    config = either.cli_json("config", "create", f"made-{either.way}", "--connection", "MY_GMAIL")[0]
    url = either.cli_json("instance", "ensure", f"made-{either.way}", "bob")[0]["url"]
    assert "/mcp/v1/" in url
    assert "deleted" in either.cli("config", "delete", config["id"]).stdout
    either.cli("config", "create", f"made-{either.way}", "--connection", "MY_GMAIL")
    assert f"made-{either.way}" in either.cli("config", "delete", f"made-{either.way}").stdout
    environment = either.cli_json("environment", "create", f"made-{either.way}", "--display-name", "Acme")[0]
    assert environment["display_name"] == "Acme"
    assert either.cli_json("environment", "update", f"made-{either.way}")[0]["display_name"] is None
    assert either.cli("client", "delete", made["client_id"]).stdout == "deleted\n"


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["connector", "get", "gmial"], ["'gmial'", "'gmail'"]),
        (["connector", "get", "GMAIL"], ["'GMAIL'", "'gmail'"]),
        (["connection", "get", "MY_GMIAL"], ["'MY_GMIAL'", "did you mean 'MY_GMAIL'"]),
        (["config", "create", "x", "--connection", "MY_GMIAL"], ["'MY_GMIAL'", "did you mean 'MY_GMAIL'"]),
        (["account", "link", "MY_MAIL", "ann"], ["'MY_MAIL'", "did you mean 'MY_GMAIL'"]),
        (["connection", "get", "conn_nobody"], ["conn_nobody", "not found"]),
        (["config", "delete", "cfg_nobody"], ["cfg_nobody", "not found"]),
        (["tool", "get", "gmail_fetch_mail"], ["tool 'gmail_fetch_mail' not found", "'gmail_fetch_mails'"]),
        (["tool", "list", "gmial"], ["'gmial'", "'gmail'"]),
        (["connection", "create", "gmial"], ["gmial", "gmail"]),
        (["client", "list", "--environment", "prod"], ["'prod'", "development"]),
        (["config", "create", "x", "--connection", "MY_GMAIL=gmail_fetch_mail"], ["tool not found", "gmail_fetch_mails"]),
        (["config", "create", "Upper Case", "--connection", "MY_GMAIL"], ["MCP config name", "lower-case"]),
        (["config", "get", "agnet"], ["agnet", "not found", "did you mean 'agent'"]),
        (["account", "get", "nonsense"], ["nonsense", "ca_"]),
        (["instance", "get", "inst_nobody"], ["inst_nobody", "not found"]),
        (["instance", "ensure", "agnet", "ann"], ["agnet", "not found", "did you mean 'agent'"]),
        (["client", "get", "skc_nobody"], ["skc_nobody", "client list"]),
        (["connection", "create", "gmail", "--name", "MY_GMAIL"], ["MY_GMAIL", "already"]),
        (["connection", "delete", "MY_GMAIL"], ["MY_GMAIL", "agent"]),
        (["environment", "create", "development"], ["development", "already"]),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(shop, words, parts):
    done = running(shop).cli(*words, check=False)
    assert done.returncode == 1 and done.stdout == "", done
    assert done.stderr.startswith("valetkey: ") and "Error" not in done.stderr
    missing = [part for part in parts if part not in done.stderr]
    assert not missing, f"{missing} not in: {done.stderr}"


def test_every_verb_says_in_its_help_what_it_is_about(shop):
    about = re.compile(r"^  ([a-z-]+) {2,}(.+)$", re.M)
    nouns = dict(about.findall(shop.cli("--help").stdout.split("Commands:")[1]))
    for noun in NOUNS:
        verbs = dict(about.findall(shop.cli(noun, "--help").stdout.split("Commands:")[1].split("Options:")[0]))
        verbs.pop("help")
        assert verbs and nouns[noun]
        for verb, words in verbs.items():
            assert len(words.split()) > 1 and not re.match(r"(Make|Remove|Change|Give) one\b|One, |All of them", words), (noun, verb)


@pytest.mark.parametrize(("words", "near"), [(["conection", "list"], "connection"), (["client", "lst"], "list")])
def test_a_mistyped_command_suggests_the_nearest(shop, words, near):
    done = shop.cli(*words, check=False)
    assert done.returncode == 2 and f"'{near}'" in done.stderr


def test_a_secret_has_no_place_among_the_arguments(shop):
    done = shop.cli("connection", "update", "MY_GMAIL", "--client-secret", "x", check=False)
    assert done.returncode == 2 and "--client-secret-file" in done.stderr


def test_a_secret_comes_from_a_file_or_standard_input_and_is_never_shown(either, tmp_path):
    file = tmp_path / "secret"
    file.write_text("marked-secret-2\n")
    for words, stdin in ((str(file), None), ("-", "marked-secret-2")):
        done = either.cli("connection", "update", "MY_GMAIL", "--client-secret-file", words, stdin=stdin)
        assert "marked-secret-2" not in done.stdout and "set" in done.stdout
    missing = either.cli("connection", "update", "MY_GMAIL", "--client-secret-file", "/nowhere/x", check=False)
    assert missing.returncode == 1 and "cannot read /nowhere/x" in missing.stderr
    empty = either.cli("connection", "update", "MY_GMAIL", "--client-secret-file", "-", check=False, stdin="\n")
    assert empty.returncode == 1 and "no client secret" in empty.stderr
    assert "marked-secret" not in json.dumps(either.cli_json("connection", "get", "MY_GMAIL"))


def test_a_clients_secret_is_shown_when_it_is_made_and_never_again(either):
    made = either.cli_json("client", "create", "once")[0]
    for words in (["client", "list"], ["client", "get", made["client_id"]], ["logs", "list"]):
        assert made["client_secret"] not in either.cli(*words).stdout
    assert "shown this once" in either.cli("client", "rotate", made["client_id"]).stdout
    either.cli("client", "delete", made["client_id"])


def test_attack_72_escapes_are_shown_not_obeyed(either):
    made = either.cli("config", "create", "odd", "--connection", "MY_GMAIL", "--description", ESCAPE, check=False)
    client = either.cli("client", "create", f"name{ESCAPE}", check=False)
    shown = made.stdout + made.stderr + client.stdout + client.stderr
    for words in (["config", "list"], ["client", "list"], ["logs", "list"], ["config", "get", ESCAPE], ["tool", "get", ESCAPE]):
        done = either.cli(*words, check=False)
        shown += done.stdout + done.stderr
    assert "\\u{1b}" in shown
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown), repr(shown)
    for row in either.cli_json("config", "list"):
        if row["name"] == "odd":
            either.cli("config", "delete", row["id"])


def test_the_installations_own_journal_is_listed(either):
    either.cli("key", "rotate", "root")
    records = either.cli_json("logs", "list", "--installation", "--limit", "5")
    (rotated,) = (record for record in records[:3] if record["action"] == "root_key.rotated")
    assert rotated["actor"] == "operator"
    told = [record for record in records if record["action"] == "rotation.root_key"][:2]
    assert [record["phase"] for record in told] == ["outcome", "intent"] and told[0]["subject"] == told[1]["subject"]
    assert told[0]["detail"]["ended"] == "whole" and told[0]["detail"]["wrapped"] > 0
    assert "root_key.rotated" not in {record["action"] for record in either.cli_json("logs", "list")}
    done = either.cli("--environment", "development", "logs", "list", "--installation", check=False)
    assert done.returncode == 1 and "no environment's" in done.stderr


def test_the_socket_is_the_owners_alone(shop):
    running(shop)
    assert stat.S_IMODE((shop.data / "valetkey.sock").stat().st_mode) == 0o600


@pytest.mark.parametrize("words", [["env"], ["client", "list"]])
def test_a_command_in_the_wrong_folder_says_so_and_leaves_nothing(tmp_path, words):
    folder = tmp_path / "nowhere"
    done = subprocess.run([str(BINARY), "--data", str(folder), *words], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and str(folder) in done.stderr
    assert "valetkey serve" in done.stderr
    assert not folder.exists()


def test_env_can_be_evaluated_wherever_the_data_lies(tmp_path):
    """The line that the demo prints, in a POSIX shell in another folder than the demo's, which has every odd character
    in its name and was given relative to where the demo was started."""
    data = tmp_path / "it's \"my\" $(touch taken) `x` \\ data;"
    server = Server(Path(os.path.relpath(data)))
    try:
        server.start()
        (line,) = [line.strip() for line in server.words().splitlines() if line.strip().startswith("eval ")]
        assert str(BINARY) in line
        script = line + '; printf "%s\\n" "$SCALEKIT_ENV_URL" "$SCALEKIT_CLIENT_ID" "$REQUESTS_CA_BUNDLE"'
        done = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=30)
        assert done.returncode == 0, done.stderr
        url, client, bundle = done.stdout.splitlines()
        assert url == server.sdk_url and client.startswith("skc_")
        assert bundle.startswith(str(data)) and Path(bundle).exists()
        assert not (tmp_path / "taken").exists()
    finally:
        server.stop()


def test_env_on_serve_gives_a_secret_of_the_shells_own(shop):
    running(shop)
    lines = dict(shlex.split(line)[1].split("=", 1) for line in shop.cli("env").stdout.splitlines())
    assert shop.token_of(lines["SCALEKIT_CLIENT_ID"], lines["SCALEKIT_CLIENT_SECRET"])
    assert "local-shell" in [row["name"] for row in shop.cli_json("client", "list")]
    assert not (shop.data / "demo-client.json").exists()
