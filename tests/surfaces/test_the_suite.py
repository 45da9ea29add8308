"""`./test` counts what it runs, in a copy of it that is given a cargo of the test's own."""

import json
import os
import re
import shutil
import subprocess

import pytest

from kit.places import REPOSITORY

FINE = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n"
BROKEN = "test result: FAILED. 2 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n"
RERUN = "error: test failed, to rerun pass `-p valetkey-x --lib`\n"
DIED = "error: test failed, to rerun pass `-p valetkey-y --lib`\n\nCaused by:\n  process didn't exit successfully (signal: 6)\n"
NONE = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.00s\n"


@pytest.fixture
def suite(tmp_path):
    """Runs the copy's `./test` with these arguments, with a cargo whose `test` prints this and ends so."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "programs").mkdir()
    shutil.copy(REPOSITORY / "test", tmp_path / "test")
    for part in ("count.py", "program.sh"):
        shutil.copy(REPOSITORY / "tests" / part, tmp_path / "tests" / part)
    cargo = tmp_path / "programs" / "cargo"

    def run(*arguments, says="", code=0, builds=True, leaves=False):
        (tmp_path / "says").write_text(says)
        lines = [
            "#!/bin/sh", f"echo \"$@ on ${{VALETKEY_TEST_POSTGRES:-SQLite}}\" >>'{tmp_path}/asked'",
            f'case "$*" in *--no-run*) exit {0 if builds else 101};; esac', f"cat '{tmp_path}/says'", "sleep 300 &" if leaves else "", f"exit {code}",
        ]
        cargo.write_text("\n".join(lines) + "\n")
        cargo.chmod(0o755)
        (tmp_path / "asked").write_text("")
        mine = {"PATH": f"{cargo.parent}:{os.environ['PATH']}", "VALETKEY_TEST_TOOLS": str(tmp_path / "tools"), "CI": "true"}
        environment = {**os.environ, "VALETKEY_TEST_POSTGRES": "postgres://of.somebody/else", **mine}
        environment.pop("CARGO_TARGET_DIR", None)
        done = subprocess.run([str(tmp_path / "test"), *arguments], capture_output=True, text=True, env=environment, timeout=60)
        run.asked = (tmp_path / "asked").read_text().splitlines()
        run.code, run.words = done.returncode, done.stdout + done.stderr
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""

    def runner():
        """What cargo was told to run test programs with, which it finds from where it was called."""
        told = re.search(r"runner = (\[.*?\])", run.asked[-1]).group(1)
        program, *arguments = json.loads(told.replace("'", '"'))
        return str(tmp_path / program), *arguments

    run.runner = runner
    run.tools = tmp_path / "tools"
    return run


@pytest.mark.parametrize(
    ("says", "code", "last"),
    [
        (FINE + FINE, 0, "6 passed, 0 failed"),
        (FINE + BROKEN + RERUN + "error: 1 target failed:\n    `-p valetkey-x --lib`\n", 101, "5 passed, 2 failed"),
        (BROKEN + RERUN + BROKEN + RERUN + "error: 2 targets failed:\n    `a`\n    `b`\n", 101, "4 passed, 4 failed"),
        (BROKEN + RERUN + DIED + FINE + "error: 2 targets failed:\n    `a`\n    `b`\n", 101, "5 passed, 3 failed"),
        (DIED + "error: 1 target failed:\n    `a`\n", 101, "0 passed, 1 failed"),
        (FINE, 101, "3 passed, 1 failed"),
        ("", 0, "0 passed, 1 failed"),
    ],
)
def test_each_failure_counts_once_and_a_program_that_died_counts_too(suite, says, code, last):
    assert suite("crates", says=says, code=code) == last, suite.words
    assert suite.code == (0 if last.endswith(" 0 failed") else 1)


def test_a_program_that_hangs_is_ended_and_told_by_cargo_and_what_a_test_leaves_behind_keeps_nobody(suite):
    """What cargo is told to run test programs with is run here as cargo does."""
    assert suite("crates", says=FINE, leaves=True) == "3 passed, 0 failed"
    program, patience, folders = suite.runner()
    assert (patience, folders) == ("900", "")
    ended = subprocess.run([program, "0.2", "", "sleep", "60"], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 124 and "sending signal TERM" in ended.stderr


def test_on_postgres_the_programs_of_the_crates_that_store_run_and_no_others(suite, tmp_path):
    assert suite("postgres", says=FINE) == "3 passed, 0 failed"
    program, _, folders = suite.runner()
    for folder, runs in (("storage", True), ("app", True), ("vendor", False), ("lab", False)):
        (tmp_path / folder).mkdir()
        told = subprocess.run([program, "9", folders, "echo", "ran"], capture_output=True, text=True, cwd=tmp_path / folder)
        assert (told.returncode, told.stdout) == (0, "ran\n" if runs else ""), folder


def test_what_does_not_build_is_one_failure(suite):
    assert suite("crates", builds=False) == "0 passed, 1 failed"
    assert "builds" in suite.words and len(suite.asked) == 1


def test_one_part_alone_installs_nothing_and_asks_for_nothing_else(suite):
    assert suite("crates", "-k", "one or other", says=FINE) == "3 passed, 0 failed"
    asked = suite.asked[-1]
    assert asked.startswith("test --workspace --locked --no-fail-fast ") and asked.endswith(" -- one other on SQLite")
    assert len(suite.asked) == 2 and "install" not in suite.words
    assert suite("lints", says="") == "5 passed, 1 failed", "there is no patch to apply in the copy"
    assert not any("test" in line.split() for line in suite.asked) and "install" not in suite.words


def test_each_database_has_a_log_of_its_own(suite):
    assert suite("crates", "postgres", says=FINE) == "6 passed, 0 failed", suite.words
    runs = [line for line in suite.asked if "--no-run" not in line]
    assert runs[0].endswith("-- on SQLite") and "-- --include-ignored on postgres://valetkey@127.0.0.1:" in runs[1]
    logs = [log for log in suite.tools.glob("crates*.log") if "test result" in log.read_text()]
    assert len(logs) == 2


@pytest.mark.parametrize("arguments", [["crate"], ["-k"], ["-k", ""], ["lints", "-k", "x"], ["--fast"], ["crates", "x"]])
def test_words_that_mean_nothing_run_nothing(suite, arguments):
    suite(*arguments, says=FINE)
    assert suite.code == 2 and "usage: ./test" in suite.words and suite.asked == []


def test_a_selection_that_fits_no_test_fails(suite):
    assert suite("crates", "-k", "nosuch", says=NONE) == "0 passed, 1 failed"
    assert "nosuch" in suite.words
    suite("--help")
    assert suite.code == 0 and all(part in suite.words for part in ["lints", "crates", "postgres", "surfaces", "-k"])
