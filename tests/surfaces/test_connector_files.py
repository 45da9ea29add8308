"""Connector files of one's own, by the page that says how one is built: its lines are run as they stand there. Then the folder
is changed under a running server."""

import json
import os
import re
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kit.mcp import Wire
from kit.places import BINARY, REPOSITORY
from kit.server import Server, clean_environment

PAGE = (REPOSITORY / "docs" / "CONNECTORS.md").read_text()
TUTORIAL = PAGE.split("\n## From nothing\n")[1].split("\n## ")[0]
FILE = "my-connectors/acmetasks.yaml"
TOKEN = "token-of-ann-0123456789"


def blocks(language):
    """The page's blocks, without what they are indented by."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", TUTORIAL, re.M | re.S)
    return ["".join(line[len(indent) :] for line in block.splitlines(True)) for indent, block in found]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder to work in, with `valetkey` on the path."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "bin").mkdir()
    (folder / "bin" / "valetkey").symlink_to(BINARY)
    return folder


def shell(desk, line, stdin=None, data=None, **more):
    env = {**clean_environment(), "PATH": f"{desk / 'bin'}:{os.environ['PATH']}", **more}
    env |= {"VALETKEY_DATA": str(data)} if data else {}
    return subprocess.run(["sh", "-ec", line], cwd=desk, capture_output=True, text=True, env=env, input=stdin, timeout=120)


@pytest.fixture(scope="module")
def built(desk):
    """What the page builds, up to the golden request."""
    first, second, _ = blocks("sh")
    done = shell(desk, first)
    assert done.returncode == 0, done.stdout + done.stderr
    (desk / "my-connectors" / "golden").mkdir()
    (golden,) = blocks("json")
    (desk / "my-connectors" / "golden" / "acmetasks_list_tasks.json").write_text(golden)
    played = shell(desk, second)
    assert played.returncode == 0, played.stdout + played.stderr
    return done.stdout, played.stdout


def test_the_pages_lines_do_what_the_page_says(desk, built):
    first, second = built
    assert first.count("good") == 2, first
    assert json.loads((desk / "connector.schema.json").read_text())["title"]
    assert "written down" in second and "as written" in second
    (case,) = json.loads((desk / "my-connectors" / "golden" / "acmetasks_list_tasks.json").read_text())
    (sent,) = case["exchange"][0]["send"]
    assert sent == {"method": "GET", "url": "https://api.acme.example/v2/tasks?limit=2&state=open"}
    assert case["end"]["done"] == {"tasks": [{"id": "t1", "title": "Water the plants", "due": None}], "next_cursor": "c2"}


def test_the_tools_are_listed_as_the_page_shows(desk, built):
    (shown,) = re.findall(r"^\$ valetkey tool list acmetasks\n(.*?)^```", PAGE, re.M | re.S)
    data = desk / "listed"
    data.mkdir(mode=0o700)
    (data / "valetkey.toml").write_text(f'connectors = "{desk / "my-connectors"}"\n')
    server = Server(data, "serve").start()
    try:
        assert server.cli("tool", "list", "acmetasks").stdout == shown
    finally:
        server.stop()


def test_a_difference_is_told_with_its_place(desk, built):
    text = (desk / FILE).read_text()
    (desk / "other").mkdir()
    (desk / "other" / "acmetasks.yaml").write_text(text.replace("due: .due_date", "due: .list"))
    shutil.copytree(desk / "my-connectors" / "golden", desk / "other" / "golden")
    done = shell(desk, "valetkey connector test other/acmetasks.yaml --json")
    assert done.returncode == 1
    listed, made = json.loads(done.stdout)
    assert listed["result"].startswith("/end/done/tasks/0/due is written as null, and went \"inbox\""), listed
    assert "no golden request" in made["result"]
    # What only shipped files must have is found by `check` alone.
    (desk / "other" / "acmetasks.yaml").write_text(re.sub(r"^scopes: .*\n", "", text, flags=re.M))
    assert shell(desk, "valetkey connector lint other").returncode == 0
    checked = shell(desk, "valetkey connector check other")
    assert checked.returncode == 1 and "says in no words" in checked.stdout, checked.stdout
    (desk / "names.tsv").write_text("acmetasks_list_tasks\t\tlimit:integer,page:string\tnone\n")
    checked = shell(desk, f"valetkey connector check {FILE} --names names.tsv")
    assert "lacks the documented argument `page`" in checked.stdout, checked.stdout


@contextmanager
def app():
    """The app's one door by which a credential is tried."""
    seen = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self):
            given = self.headers.get("authorization")
            seen.append((self.path, given, self.headers.get("x-acme-version")))
            good = given == f"Bearer {TOKEN}"
            body = {"id": 17, "email": "ann@acme.example"} if good else {"error": {"code": "ended", "message": "No good." if "wrong" in given else f"No: {given}"}}
            text = json.dumps(body).encode()
            self.send_response(200 if good else 401)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_address[1]}", running.server_address[1], seen
    running.shutdown()


def test_a_credential_is_tried_only_when_that_is_asked_for(desk, built):
    data = desk / "data"
    data.mkdir(mode=0o700)
    line = blocks("sh")[2].strip().replace("credential.json", "-")
    with app() as (url, port, seen):
        line += f" --tool acmetasks_list_tasks --api-base-url {url}"

        def tried(stdin, **more):
            done = shell(desk, line, stdin=stdin, data=data, **more)
            assert TOKEN not in done.stdout + done.stderr and "wrong-0123456789" not in done.stdout + done.stderr
            return done

        refused = tried(json.dumps({"access_token": TOKEN}))
        assert refused.returncode == 1 and not seen, "what is private is called only where the settings allow it"
        (data / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{port}"]\n')
        taken = tried(json.dumps({"access_token": TOKEN}))
        assert taken.returncode == 0 and "17" in taken.stdout and "ann@acme.example" in taken.stdout, taken.stderr
        assert seen == [("/v2/me", f"Bearer {TOKEN}", "2026-01")]
        refused = tried(json.dumps({"access_token": "wrong-0123456789"}))
        assert refused.returncode == 1 and "the app refused the credential: No good." in refused.stderr, refused.stderr
        echoed = tried(json.dumps({"access_token": "echo-" + TOKEN}))
        assert echoed.returncode == 1 and "withheld" in echoed.stderr, echoed.stderr
        for odd, words in [("nonsense " + TOKEN, "no JSON object"), ('{"key": "%s"}' % TOKEN, "access_token"), ("{}", "access_token")]:
            wrong = tried(odd)
            assert wrong.returncode == 1 and words in wrong.stderr, wrong.stderr
        from_variable = shell(
            desk, line.replace(" --credential-file -", ""), data=data, VALETKEY_CREDENTIAL=json.dumps({"access_token": TOKEN})
        )
        assert from_variable.returncode == 0, from_variable.stderr
        before = len(seen)
        assert shell(desk, line.split(" --verify")[0] + " --tool acmetasks_list_tasks", data=data).returncode == 0
        assert len(seen) == before, "without --verify nothing leaves"
    assert not (data / "valetkey.sqlite").exists(), "and nothing is kept"


@pytest.fixture(scope="module")
def server(tmp_path_factory, desk, built):
    data = tmp_path_factory.mktemp("follow") / "data"
    running = Server(data, "serve", env={"VALETKEY_CONNECTORS": str(desk / "my-connectors")}).start()
    yield running
    running.stop()


def until(holds, timeout=30):
    end = time.monotonic() + timeout
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)
    return found


def told(server):
    """What `doctor` says of connector files."""
    rows = json.loads(server.cli("doctor", "--json", check=False).stdout)
    (row,) = [row for row in rows if row["part"] == "connectors"]
    return row


def test_a_folder_is_followed_and_a_bad_change_keeps_what_was_there(desk, server):
    server.cli("connection", "create", "acmetasks", "--name", "ACME", "--client-id", "x", "--client-secret-file", "-", stdin="y")
    wire = Wire(server.instance("ann", "acme", [{"connection_name": "ACME", "tools": []}])["url"])

    def titles():
        return {tool["name"]: tool["description"] for tool in wire.legacy("tools/list").result["tools"]}

    good = (desk / FILE).read_text()
    before = titles()
    assert told(server)["result"] == "ok"
    (desk / FILE).write_text(good.replace("map: query.limit", "map: querry.limit"))
    until(lambda: told(server)["result"] == "problem")
    assert "`acmetasks` stays in service" in told(server)["found"]
    assert "querry.limit" in server.cli("connector", "list").stdout and "it said before stays in service" in server.words()
    assert titles() == before
    # At the same URL, without another start.
    other = good.replace("Lists the user's tasks, the newest first.", "Lists what the user has to do.")
    (desk / FILE).write_text(other)
    until(lambda: titles()["acmetasks_list_tasks"].startswith("Lists what the user has to do."))
    assert told(server)["result"] == "ok" and "querry" not in server.cli("connector", "list").stdout
    (desk / "my-connectors" / "more.yaml").write_text(good.replace("acmetasks", "acmemore"))
    until(lambda: "acmemore_list_tasks" in server.cli("tool", "list").stdout)
    (desk / FILE).unlink()
    until(lambda: not titles())
    assert "acmemore" in server.cli("connector", "list").stdout
