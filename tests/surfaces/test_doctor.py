"""`valetkey doctor` from outside: beside a server and without one, on either database, with things gone wrong."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import time

import pytest

from kit import postgres
from kit.connected import connected
from kit.places import BINARY
from kit.replicas import ahead

PARTS = [
    "settings", "files", "certificate", "connectors", "public_url", "clock", "database", "installation", "keys", "sealed", "journal",
    "rows",
]


def doctor(server, *flags, env=None):
    """Its exit code, its lines, and everything that it printed."""
    command = [str(BINARY), "--data", str(server.data), "doctor", "--json", *flags]
    done = subprocess.run(command, capture_output=True, text=True, env={**server.env, **(env or {})}, timeout=60)
    return done.returncode, json.loads(done.stdout or "[]"), done.stdout + done.stderr


def in_service(server):
    """The same once the server has shown in the database that it is there, as it does every few seconds."""
    end = time.monotonic() + 30
    while True:
        code, lines, words = doctor(server)
        shown = "was not asked" not in words and "waits for another one" not in words
        if shown or time.monotonic() > end:
            return code, lines, words
        time.sleep(0.2)


def wrong(lines):
    """What is not as it should be. The cluster that these tests have is set up to lose data: that is said, rightly."""
    unsafe = re.compile(r"^(fsync|full_page_writes|synchronous_commit) = off")
    return [line for line in lines if line["result"] != "ok" and not unsafe.match(line["found"])]


def only(lines, part, result, says):
    found = wrong(lines)
    assert [(line["part"], line["result"]) for line in found] == [(part, result)], found
    assert says in found[0]["found"] and found[0]["todo"], found
    return found[0]


def row_of(server, table, row):
    with sqlite3.connect(server.data / "valetkey.sqlite", timeout=10) as database:
        database.row_factory = sqlite3.Row
        found = dict(database.execute(f"SELECT * FROM {table} WHERE id = ?", [row]).fetchone())
    database.close()
    return found


def put_back(server, table, row):
    """The row of this id is what it was, or is there again."""
    columns = ", ".join(row)
    marks = ", ".join("?" * len(row))
    with sqlite3.connect(server.data / "valetkey.sqlite", timeout=10) as database:
        database.execute(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", list(row.values()))
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def served(request, fresh):
    """A demo with a user who is signed in, on either database."""
    env = {"VALETKEY_DATABASE": postgres.database()} if request.param == "postgres" else {}
    server = fresh(env=env).start()
    server.wire = connected(server, "ann", "doctor")
    return server


def test_a_sound_installation_is_said_to_be_beside_its_server_and_without_it(served):
    code, lines, words = in_service(served)
    assert (code, wrong(lines)) == (0, []), words
    assert list(dict.fromkeys(line["part"] for line in lines)) == PARTS
    said = {line["part"]: line["found"] for line in lines}
    assert said["public_url"] == f"{served.url} answers with this installation's signing key"
    assert "one server runs" in said["installation"]
    assert re.search(r"[1-9]\d* values open", said["sealed"]) and re.search(r"[1-9]\d* rows are as", said["rows"])
    secrets = [served.sdk_env()["SCALEKIT_CLIENT_SECRET"], (served.data / "root.key").read_text().strip(), served.wire.token]
    plain = served.cli("doctor").stdout
    assert re.search(r"^ok +clock +\S", plain, re.MULTILINE)
    for secret in [*secrets, "ya29.lab-", "1//lab-", "vkm_", "vks_"]:
        assert secret not in words + plain
    served.stop()
    code, lines, words = doctor(served)
    assert (code, wrong(lines)) == (0, []), words
    assert "no server runs" in words and "was not asked" in words


def test_use_leaves_nothing_to_be_said(served):
    served.cli("key", "rotate", "data")
    served.cli("key", "rotate", "data", "--purpose", "url")
    if "VALETKEY_DATABASE" not in served.env:
        # Where others may serve too, a new root key is brought to all of them first.
        served.cli("key", "rotate", "root")
    for instance in served.cli_json("instance", "list"):
        served.cli("instance", "rotate-url", instance["id"])
    served.cli("account", "disconnect", served.cli_json("account", "list")[0]["id"])
    client = served.cli_json("client", "create", "shop")[0]["client_id"]
    served.cli("client", "rotate", client)
    served.cli("client", "expire", client)
    served.cli("config", "delete", served.wire.instance["config"]["id"])
    served.kill()
    served.start()
    code, lines, words = in_service(served)
    assert (code, wrong(lines)) == (0, []), words


@pytest.mark.parametrize("way", ["running", "stopped"])
def test_attack_5_rows_that_were_put_back_from_outside_are_named(fresh, way):
    server = fresh().start()
    wire = connected(server, "ann", "doctor")
    instance, account = wire.instance["id"], server.cli_json("account", "list")[0]["id"]
    client = server.cli_json("client", "create", "shop")[0]["client_id"]
    before = [
        (table, row_of(server, table, row))
        for table, row in [("mcp_instances", instance), ("connected_accounts", account), ("api_clients", client)]
    ]
    server.cli("instance", "rotate-url", instance)
    server.cli("account", "disconnect", account)
    server.cli("client", "delete", client)
    assert doctor(server)[0] == 0
    if way == "stopped":
        server.stop()
    for table, row in before:
        put_back(server, table, row)
    code, lines, words = doctor(server)
    found = {line["found"].split()[1]: line for line in wrong(lines)}
    assert code == 1 and set(found) == {instance, account, client}, words
    assert all(line["part"] == "rows" and line["result"] == "problem" for line in found.values())
    assert "was put back: it has 1 of 2 changes" in found[instance]["found"]
    assert "instance.url_rotated" in found[instance]["found"] and "account.disconnected" in found[account]["found"]
    assert "is back" in found[client]["found"] and "client.deleted" in found[client]["found"]
    refused = server.cli("doctor", "--accept", client, check=False)
    assert refused.returncode == 1 and "delete it again" in refused.stderr
    # The same change once more leads to the same row; what is not to be changed is accepted.
    server.cli("client", "delete", client)
    server.cli("account", "disconnect", account)
    server.cli("doctor", "--accept", instance)
    code, lines, words = doctor(server)
    assert (code, wrong(lines)) == (0, []), words
    assert "instance.accepted" in server.cli("logs", "list", "--subject", instance).stdout


def test_attack_5_a_value_that_was_put_back_does_not_open(fresh):
    server = fresh().start()
    connected(server, "ann", "doctor")
    account = server.cli_json("account", "list")[0]["id"]
    with sqlite3.connect(server.data / "valetkey.sqlite", timeout=10) as database:
        database.execute("UPDATE connected_accounts SET credential = substr(credential, 1, 40) WHERE id = ?", [account])
    database.close()
    code, lines, words = doctor(server)
    assert code == 1 and account in only(lines, "sealed", "problem", "does not open")["found"], words


def test_who_else_answers_at_public_url_is_told_from_us(fresh):
    one = fresh(command="serve").start()
    other = fresh(command="serve", flags=("--public-url", one.url)).start()
    code, lines, words = in_service(other)
    only(lines, "public_url", "problem", "is not this installation")
    assert code == 1, words
    nobody = fresh(command="serve", flags=("--public-url", "https://nobody.invalid")).start()
    code, lines, words = in_service(nobody)
    only(lines, "public_url", "warning", "is not reached from here")
    assert code == 0, "it may be reached from elsewhere"


def test_files_that_others_can_read_are_named(fresh):
    server = fresh(command="serve").start()
    (server.data / "root.key").chmod(0o644)
    server.data.chmod(0o750)
    (server.data / "valetkey.sqlite").chmod(0o640)
    code, lines, words = doctor(server)
    assert code == 1, words
    found = [(line["part"], line["result"]) for line in wrong(lines)]
    assert found == [("files", "problem"), ("files", "warning"), ("database", "problem")], words


def own_certificate(server, folder, days, name, made="+0d"):
    """The server's settings name a certificate that lives so long from when it was made."""
    pair = folder / "own.pem", folder / "own.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", str(days), "-subj", "/CN=x", "-addext", f"subjectAltName=DNS:{name}"]
    command += ["-out", str(pair[0]), "-keyout", str(pair[1])]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **ahead(), "FAKETIME": made})
    pair[1].chmod(0o600)
    server.data.mkdir(mode=0o700, exist_ok=True)
    lines = [f'certificate = "{pair[0]}"', f'certificate_key = "{pair[1]}"', f'sdk_url = "https://{name}"']
    (server.data / "valetkey.toml").write_text("\n".join(lines) + "\n")


def test_a_certificate_that_ends_or_is_for_somebody_else_is_named(fresh, tmp_path):
    server = fresh(command="serve")
    own_certificate(server, tmp_path, 5, "keys.a.example", made="-1h")
    server.start()
    server.stop()
    code, lines, words = doctor(server)
    only(lines, "certificate", "warning", "ends in 4 days")
    assert code == 0, words
    code, lines, words = doctor(server, "--sdk-url", "https://other.example")
    assert any("is not for other.example" in line["found"] for line in wrong(lines)), words
    own_certificate(server, tmp_path, 1, "keys.a.example", made="-30d")
    code, lines, words = doctor(server)
    only(lines, "certificate", "problem", "has ended")
    assert code == 1, words


def test_a_root_key_that_is_wrong_or_gone_is_said_beside_what_can_be_looked_at(fresh):
    server = fresh(command="serve").start()
    server.stop()
    key = server.data / "root.key"
    key.write_text("ab" * 32)
    code, lines, words = doctor(server)
    only(lines, "start", "problem", "sealed under root key")
    assert code == 1 and [line["part"] for line in lines] == ["settings", "files", "certificate", "start"]
    assert "ab" * 32 not in words
    key.unlink()
    code, lines, words = doctor(server)
    only(lines, "start", "problem", "bring that key back")
    assert code == 1 and not key.exists(), words


def test_settings_that_are_wrong_are_named_beside_a_server_that_goes_on(fresh):
    server = fresh(command="serve").start()
    (server.data / "valetkey.toml").write_text('publik_url = "https://a.example"\n')
    code, lines, words = doctor(server)
    only(lines, "settings", "problem", "publik_url")
    assert code == 1 and len(lines) == 1 + len(PARTS), words
    server.stop()
    code, lines, words = doctor(server)
    assert code == 1 and [line["part"] for line in lines] == ["settings"], words


def test_where_there_is_no_valetkey_none_is_made(fresh, tmp_path):
    server = fresh(command="serve")
    code, lines, words = doctor(server)
    assert code == 1 and "there is no Valetkey in" in words
    assert not (server.data / "valetkey.sqlite").exists() and not (server.data / "root.key").exists()


def test_a_database_that_is_not_reached_is_said_without_its_password(fresh):
    server = fresh(command="serve", env={"VALETKEY_DATABASE": "postgres://valetkey:hunter2@127.0.0.1:1/valetkey"})
    code, lines, words = doctor(server)
    only(lines, "start", "problem", "host and port in the URL")
    assert code == 1 and "hunter2" not in words


def test_a_journal_that_was_cut_is_named_beside_what_is_concluded_from_it(fresh):
    server = fresh(command="serve").start()
    for name in ["one", "two"]:
        server.cli("client", "create", name)
    server.cli("logs", "head")
    with sqlite3.connect(server.data / "valetkey.sqlite", timeout=10) as database:
        database.execute("DELETE FROM journal WHERE id = (SELECT min(id) FROM journal WHERE action = 'client.created')")
    database.close()
    code, lines, words = doctor(server)
    found = {line["part"]: line["found"] for line in wrong(lines)}
    assert code == 1 and set(found) == {"journal", "rows"}, words
    assert "planted" in found["rows"]


def test_a_copy_is_in_quarantine_and_nothing_else_is_wrong_with_it(fresh, tmp_path):
    server = fresh().start()
    connected(server, "ann", "doctor")
    server.stop()
    copy = fresh(command="serve")
    shutil.copytree(server.data, copy.data)
    copy.start()
    code, lines, words = in_service(copy)
    only(lines, "installation", "problem", "quarantine")
    assert code == 1, words
    copy.cli("restore", "--as-copy")
    code, lines, words = in_service(copy)
    assert (code, wrong(lines)) == (0, []), words
