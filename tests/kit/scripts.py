"""Runs a script of tests/scripts in one of the virtual environments."""

import json
import subprocess

from .places import SCRIPTS, python
from .server import clean_environment


def run(name, *arguments, asked=None, env=None, environment="seed", timeout=120):
    """Gives the JSON that the script prints; `asked` goes to its standard input as JSON."""
    done = subprocess.run(
        [str(python(environment)), str(SCRIPTS / name), *arguments],
        input=None if asked is None else json.dumps(asked), env=env or clean_environment(),
        capture_output=True, text=True, timeout=timeout,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def ran(text, environment, timeout=120, env=None):
    """What a program prints that somebody copied from a page, run as it is."""
    done = subprocess.run(
        [str(python(environment)), "-c", text], env={**clean_environment(), **(env or {})}, capture_output=True, text=True, timeout=timeout,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout
