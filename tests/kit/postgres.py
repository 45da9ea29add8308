"""PostgreSQL databases, each new and empty, in the cluster that `./test` has started; and clusters of one's own, to be
stopped while a server is on them."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import uuid

import pytest

from . import ports

VARIABLE = "VALETKEY_TEST_POSTGRES"


def cluster():
    """The URL of a database in the cluster; a test that wants one is skipped where there is none (`./test` counts it)."""
    url = os.environ.get(VARIABLE)
    if not url:
        pytest.skip(f"{VARIABLE} names no PostgreSQL database")
    return url


def psql(url, sql):
    """What a statement prints, unadorned."""
    command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", "--command", sql, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def database():
    """The URL of a new, empty database."""
    base, name = cluster(), f"test_{uuid.uuid4().hex}"
    psql(base, f"CREATE DATABASE {name}")
    return f"{base.rsplit('/', 1)[0]}/{name}"


class Cluster:
    """A cluster of one's own, at a port that stays the same when it is started again."""

    def __init__(self):
        cluster()
        self.folder, (self.port,) = pathlib.Path(tempfile.mkdtemp()), ports.free(1)
        self.url = f"postgres://valetkey@127.0.0.1:{self.port}/postgres"
        # It does not run as root.
        self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
        if self.user:
            shutil.chown(self.folder, "nobody")
        self._run("initdb", "--username=valetkey", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")
        return self

    def stop(self):
        """At once, with whatever is going on."""
        self._run("pg_ctl", "-m", "immediate", "stop")

    def remove(self):
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder)

    def _run(self, program, *arguments):
        command = [str(programs() / program), "-D", str(self.folder / "data"), *arguments]
        # What it leaves running must not hold this process's pipes.
        with open(self.folder / "said", "w+") as said:
            done = subprocess.run(command, cwd=self.folder, stdout=said, stderr=said, timeout=60, **self.user)
            said.seek(0)
            assert done.returncode == 0, said.read()


def programs():
    """Where the newest version's programs are."""
    folders = pathlib.Path("/usr/lib/postgresql").glob("*/bin")
    return max(folders, key=lambda folder: int(folder.parent.name))
