"""What stands in a server's way at start: each fault is named with its place and its remedy, and loses nothing."""

import fcntl
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from kit.places import BINARY


@pytest.fixture
def kept(fresh):
    """A stopped server whose data holds an API client; `intact` says whether it is still there."""
    server = fresh(command="serve").start()
    server.stop()
    made = server.cli_json("client", "create", "app")[0]["client_id"]
    server.intact = lambda: [row["client_id"] for row in server.cli_json("client", "list")] == [made]
    server.root_key = server.data / "root.key"
    return server


def test_a_server_that_others_reach_warns_that_links_prove_nobody(fresh):
    warning = "nobody has said whether your app confirms who opens a consent link"
    reached = fresh(command="serve", flags=["--public-url", "https://keys.example.com"]).start()
    says(reached.words(), "WARN", warning, "docs/THREATS.md")
    reached.cli("environment", "update", "development", "--user-verify-mode", "none")
    reached.stop()
    before = len(reached.words())
    reached.start()
    assert warning not in reached.words()[before:], "somebody has chosen"
    assert warning not in fresh(command="serve").start().words()


def says(words, *parts):
    missing = [part for part in parts if str(part) not in words]
    assert not missing, f"{missing} not in: {words}"
    assert "panicked" not in words


def test_a_wrong_root_key_is_refused_and_the_right_one_still_opens_everything(kept):
    right = kept.root_key.read_text()
    kept.root_key.write_text("A" * 43 + "=")
    says(kept.refusal(), "root key does not fit this database", "Start with the key that belongs to it", "nothing was changed")
    kept.root_key.write_text(right)
    assert kept.intact()


def test_a_missing_root_key_is_never_replaced_over_a_database(kept):
    aside = kept.root_key.rename(kept.data / "aside")
    says(kept.refusal(), kept.root_key, "bring that key back")
    assert not kept.root_key.exists()
    aside.rename(kept.root_key)
    assert kept.intact()


def test_a_root_key_that_others_can_read_is_refused(kept):
    kept.root_key.chmod(0o640)
    says(kept.refusal(), kept.root_key, "can be read by others", "640", "chmod 600")
    kept.root_key.chmod(0o600)
    assert kept.intact()


def test_a_damaged_root_key_says_what_one_looks_like_and_not_what_it_was(kept):
    right = kept.root_key.read_text()
    kept.root_key.write_text("marked-garbage")
    words = kept.refusal()
    says(words, kept.root_key, "holds no root key", "32 bytes")
    assert "marked-garbage" not in words
    kept.root_key.write_text(right)
    assert kept.intact()


def test_the_root_key_may_come_from_the_environment_and_then_lies_nowhere(kept):
    key = kept.root_key.read_text()
    kept.root_key.unlink()
    kept.env["VALETKEY_ROOT_KEY"] = key
    kept.start()
    assert kept.intact()
    assert not kept.root_key.exists()
    kept.stop()
    kept.env["VALETKEY_ROOT_KEY"] = "marked-garbage"
    words = kept.refusal()
    says(words, "VALETKEY_ROOT_KEY holds no root key", "32 bytes")
    assert "marked-garbage" not in words


def test_attack_75_a_second_process_on_one_folder_is_refused_by_name(kept, fresh):
    kept.start()
    second = fresh(command="serve")
    second.use(kept.data)
    says(second.refusal(), kept.data, "is in use by", str(kept.process.pid), "another data folder")
    assert kept.answers() and kept.intact()


def test_a_folder_that_another_server_holds_is_left_as_it_is(fresh):
    second = fresh(command="serve")
    second.data.mkdir(mode=0o700, exist_ok=True)
    with open(second.data / "serve.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        print(4711, end="", file=held, flush=True)
        says(second.refusal(), second.data, "is in use by another server (process 4711)", "--data")
        assert os.listdir(second.data) == ["serve.lock"]


def test_attack_75_a_second_process_on_one_database_is_refused_by_name(kept, fresh):
    kept.start()
    # The lock of the folder is not all that keeps two apart: the file has one of its own.
    (kept.data / "serve.lock").unlink()
    second = fresh(command="serve")
    second.use(kept.data)
    says(second.refusal(), "valetkey.sqlite is in use by", str(kept.process.pid), "another data folder")
    assert kept.answers() and kept.intact()


def test_a_killed_server_leaves_no_lock_behind(kept):
    kept.start()
    kept.kill()
    assert (kept.data / "valetkey.sqlite.lock").exists()
    kept.start()
    assert kept.intact()


def test_a_database_that_another_program_has_locked_is_said(kept):
    other = sqlite3.connect(kept.data / "valetkey.sqlite", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    says(kept.refusal(), "valetkey.sqlite", "locked by another program", "end it and try again")
    other.execute("ROLLBACK")
    other.close()
    assert kept.intact()


def test_a_file_that_is_no_database_is_left_as_it_is(fresh):
    server = fresh(command="serve")
    server.data.mkdir()
    file = server.data / "valetkey.sqlite"
    file.write_text("somebody's notes, long enough to be taken for a database's header; " * 3)
    before = file.read_bytes()
    says(server.refusal(), file, "is not a Valetkey database")
    assert file.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_named(fresh):
    server = fresh(command="serve")
    server.use(Path("/proc/valetkey"))
    says(server.refusal(), "cannot make the data folder /proc/valetkey", "--data")


def test_a_folder_that_may_not_be_written_is_said_and_loses_nothing(kept):
    """Shown as a user without privileges: for root nothing is read-only."""
    with tempfile.TemporaryDirectory() as outer:
        os.chmod(outer, 0o755)
        data, binary = Path(outer, "data"), Path(outer, "valetkey")
        shutil.copytree(kept.data, data)
        shutil.copy(BINARY, binary)
        somebody = 65534 if os.geteuid() == 0 else os.geteuid()
        for path in (data, *data.iterdir()):
            if os.geteuid() == 0:
                os.chown(path, somebody, somebody)
            path.chmod(0o500 if path.is_dir() else 0o400)
        arguments = [str(binary), "--data", str(data), "serve", "--http", "127.0.0.1:0", "--tls", "127.0.0.1:0"]
        as_them = {"user": somebody, "group": somebody, "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run(arguments, capture_output=True, text=True, env=kept.env, cwd=outer, timeout=30, **as_them)
        for path in (data, *data.iterdir()):
            path.chmod(0o700)
    assert done.returncode == 1
    says(done.stderr, str(data), "writable for this user")
    assert kept.intact()


@pytest.mark.parametrize("flag", ["--http", "--tls"])
def test_a_port_in_use_is_named_with_the_flag_that_changes_it(kept, flag):
    port = kept.http if flag == "--http" else kept.tls
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        says(kept.refusal(), f"port {port}", "in use", flag)
    kept.start()
    assert kept.intact()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('publik_url = "https://a.example"\n', ["line 1", "publik_url", "public_url"]),
        ('http = "127.0.0.1:1"\ntls = 5\n', ["line 2", "tls", "socket address"]),
        ("[outbound]\nallow = [\"nonsense\"]\n", ["outbound.allow", "'nonsense'", "host:port"]),
        ('certificate = "/a.pem"\n', ["certificate and certificate_key go together"]),
    ],
)
def test_a_typo_in_the_settings_is_shown_where_it_stands(kept, text, parts):
    (kept.data / "valetkey.toml").write_text(text)
    words = kept.refusal()
    says(words, "valetkey.toml" if "line" in parts[0] else "", *parts)
    (kept.data / "valetkey.toml").unlink()
    assert kept.intact()


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://valetkey.example", ["must begin with https://", "localhost"]),
        ("https://valetkey.example/app", ["scheme, host and port alone"]),
        ("https://somebody@valetkey.example", ["scheme, host and port alone"]),
    ],
)
def test_a_public_url_that_cannot_work_is_refused_with_the_reason(kept, url, parts):
    kept.arguments += ["--public-url", url]
    says(kept.refusal(), url, *parts)


def test_a_public_url_that_is_none_shows_what_one_looks_like(kept):
    kept.arguments += ["--public-url", "valetkey"]
    says(kept.refusal(code=2), "valetkey", "--public-url", "https://")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("connector: acme\ndisplay_nam: Acme\n", ["line 2", "display_nam", "display_name"]),
        ("connector: acme\nhosts: [\n", ["line"]),
        ("connector: gmail\n", ["acme.yaml"]),
    ],
)
def test_a_bad_connector_file_is_named_with_line_and_place(kept, tmp_path, text, parts):
    folder = tmp_path / "connectors"
    folder.mkdir()
    (folder / "acme.yaml").write_text(text)
    kept.arguments += ["--connectors", str(folder)]
    says(kept.refusal(), folder / "acme.yaml", *parts)


def test_a_connectors_folder_that_is_not_there_is_named(kept, tmp_path):
    kept.arguments += ["--connectors", str(tmp_path / "nowhere")]
    says(kept.refusal(), tmp_path / "nowhere", "--connectors")


def test_what_lies_in_the_data_folder_is_for_its_owner_alone(fresh):
    """All but the certificates, which are public."""
    server = fresh().start()
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    for path in server.data.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        public = path.suffix == ".pem" or path.name == "tls"
        assert public or mode & 0o077 == 0, f"{path.name}: {mode:o}"
