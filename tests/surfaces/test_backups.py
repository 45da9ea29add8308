"""Backups of a server that goes on serving, restored into either database; and copies that must not be used."""

import gzip
import shutil
import stat

import pytest

from kit import postgres
from kit.busy import Busy
from kit.connected import connected, fetch
from kit.server import Server


@pytest.fixture
def origin(tmp_path):
    server = Server(tmp_path / "origin").start()
    yield server
    server.stop()


def backed_up(server, path):
    row = server.cli_json("backup", str(path))[0]
    assert row["rows"] > 0 and row["bytes"] == path.stat().st_size
    return path


def like(origin, folder, database=None):
    """A server on another folder with the same addresses, lab and root key."""
    server = Server(folder)
    server.http, server.tls, server.lab = origin.http, origin.tls, origin.lab
    server.url, server.sdk_url = origin.url, origin.sdk_url
    server.lab_url, server.control_url = origin.lab_url, origin.control_url
    server.arguments = [word if word != str(origin.data) else str(folder) for word in origin.arguments]
    server.arguments[server.arguments.index("demo")] = "serve"
    server.arguments += ["--lab"]
    folder.mkdir(mode=0o700)
    shutil.copy(origin.data / "root.key", folder / "root.key")
    shutil.copy(origin.data / "lab.json", folder / "lab.json")
    (folder / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{origin.lab}"]\n')
    if database:
        server.env["VALETKEY_DATABASE"] = database
    return server


def test_attack_50_a_backup_is_made_under_load_and_holds_no_secret(origin, tmp_path):
    wire = connected(origin, "ann", "backup")
    calls = Busy(lambda: fetch(wire))
    try:
        calls.goes_on(3)
        file = backed_up(origin, tmp_path / "one.backup")
        calls.goes_on(3)
    finally:
        assert calls.stop() == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = gzip.decompress(file.read_bytes()).decode()
    client_secret = origin.sdk_env()["SCALEKIT_CLIENT_SECRET"]
    root = (origin.data / "root.key").read_text().strip()
    # What the lab's tokens begin with, whole: base64 holds "1//" by chance, and never a "-".
    for secret in (client_secret, root, wire.token, "ya29.lab-", "1//lab-"):
        assert secret not in text
    again = origin.cli("backup", str(file), check=False)
    assert again.returncode == 1 and "there already" in again.stderr


def test_attack_61_a_restored_backup_is_in_quarantine_until_it_takes_over(origin, tmp_path):
    wire = connected(origin, "ann", "backup")
    file = backed_up(origin, tmp_path / "one.backup")
    origin.stop()
    restored = like(origin, tmp_path / "restored")
    done = restored.cli("restore", str(file))
    assert "in quarantine" in done.stdout
    again = restored.cli("restore", str(file), check=False)
    assert again.returncode == 1 and "not empty" in again.stderr
    restored.start()
    try:
        status, why = restored.answer("GET", "/readyz")
        assert status == 503 and "quarantine" in why and "valetkey restore --takeover" in why
        assert "restored from a backup of" in restored.words()
        refused = wire.legacy("tools/list")
        assert refused.status == 503 and b"quarantine" in refused.body and b"valetkey restore" in refused.body
        running = restored.cli("restore", str(file), check=False)
        assert running.returncode == 1 and "a server runs" in running.stderr
        restored.cli("restore", "--takeover", "--keep-urls")
        assert restored.answer("GET", "/readyz")[0] == 200
        assert fetch(wire) is None
        twice = restored.cli("restore", "--takeover", check=False)
        assert twice.returncode == 1 and "not in quarantine" in twice.stderr
        restored.stop()
        restored.start()
        assert restored.answer("GET", "/readyz")[0] == 200, "a decision lasts"
    finally:
        restored.stop()


def test_attack_61_a_url_that_was_revoked_after_the_backup_stays_revoked(origin, tmp_path):
    wire = connected(origin, "ann", "backup")
    file = backed_up(origin, tmp_path / "one.backup")
    origin.cli("instance", "rotate-url", wire.instance["id"])
    assert wire.legacy("tools/list").status == 404
    origin.stop()
    restored = like(origin, tmp_path / "restored")
    restored.cli("restore", str(file))
    restored.cli("restore", "--takeover")
    restored.start()
    try:
        assert wire.legacy("tools/list").status == 404
        fresh = restored.cli_json("instance", "get", wire.instance["id"])[0]["url"]
        assert fresh != wire.url
    finally:
        restored.stop()


def test_attack_61_a_copied_folder_and_a_file_put_back_are_noticed(origin, tmp_path):
    connected(origin, "ann", "backup")
    origin.stop()
    older = tmp_path / "older.sqlite"
    shutil.copy(origin.data / "valetkey.sqlite", older)
    copy = Server(tmp_path / "copy", command="serve")
    shutil.copytree(origin.data, copy.data)
    copy.start()
    status, why = copy.answer("GET", "/readyz")
    assert status == 503 and "quarantine" in why and "copy or was moved" in copy.words()
    copy.cli("restore", "--as-copy")
    assert copy.answer("GET", "/readyz")[0] == 200
    assert {row["status"] for row in copy.cli_json("account", "list")} == {"DISCONNECTED"}
    copy.stop()
    # The file as it was goes back into the same place; it is the same file to the system.
    origin.start()
    origin.stop()
    for side in ("-wal", "-shm"):
        origin.data.joinpath(f"valetkey.sqlite{side}").unlink(missing_ok=True)
    with open(origin.data / "valetkey.sqlite", "r+b") as there:
        there.truncate(0)
        there.write(older.read_bytes())
    origin.arguments[origin.arguments.index("demo")] = "serve"
    origin.start()
    status, why = origin.answer("GET", "/readyz")
    assert status == 503 and "quarantine" in why and "earlier state" in origin.words()


def test_what_is_no_backup_of_this_installation_is_refused(origin, tmp_path):
    file = backed_up(origin, tmp_path / "one.backup")
    origin.stop()
    text = gzip.decompress(file.read_bytes())
    cases = {
        "cut": (file.read_bytes()[:-200], "damaged"),
        "changed": (gzip.compress(text.replace(b'"demo-user"', b'"evil-user"')), "damaged"),
        "newer": (gzip.compress(text.replace(b'"valetkey_backup":1', b'"valetkey_backup":9', 1)), "newer Valetkey"),
        "none": (b"nothing", "damaged"),
    }
    for name, (content, says) in cases.items():
        wrong = tmp_path / name
        wrong.write_bytes(content)
        target = like(origin, tmp_path / f"to-{name}")
        done = target.cli("restore", str(wrong), check=False)
        assert done.returncode == 1 and says in done.stderr and "nothing was changed" in done.stderr, (name, done.stderr)
    target = like(origin, tmp_path / "to-other-key")
    (target.data / "root.key").write_text("cd" * 32)
    done = target.cli("restore", str(file), check=False)
    assert done.returncode == 1 and "sealed under root key" in done.stderr
    (target.data / "root.key").unlink()
    done = target.cli("restore", str(file), check=False)
    assert done.returncode == 1 and "root key" in done.stderr
    assert not (target.data / "root.key").exists()


def test_a_server_moves_from_sqlite_to_postgresql_and_back(origin, tmp_path):
    wire = connected(origin, "ann", "backup")
    accounts = origin.cli_json("account", "list")
    database = postgres.database()
    first = backed_up(origin, tmp_path / "sqlite.backup")
    origin.stop()

    there = like(origin, tmp_path / "there", database)
    there.cli("restore", str(first))
    # No server runs yet: the decision is carried out on the database itself.
    there.cli("restore", "--takeover", "--keep-urls")
    there.start()
    try:
        assert fetch(wire) is None
        assert there.cli_json("account", "list") == accounts
        assert not (there.data / "valetkey.sqlite").exists()
        there.cli("key", "rotate", "data")
        second = backed_up(there, tmp_path / "postgres.backup")
    finally:
        there.stop()

    back = like(origin, tmp_path / "back")
    shutil.copy(there.data / "root.key", back.data / "root.key")
    done = back.cli("restore", str(second), "--database", str(back.data / "valetkey.sqlite"))
    assert "were restored" in done.stdout
    back.cli("restore", "--takeover", "--keep-urls")
    back.start()
    try:
        assert fetch(wire) is None
        assert [row["id"] for row in back.cli_json("account", "list")] == [row["id"] for row in accounts]
    finally:
        back.stop()
