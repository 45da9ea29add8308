"""PostgreSQL databases, each new and empty, in the cluster that `./test` has started."""

import os
import subprocess
import uuid

import pytest

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
