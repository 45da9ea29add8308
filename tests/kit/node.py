"""Scripts for the tests' own Node, put beside the packages that they import."""

import json
import subprocess

from .places import NODE, NODE_MODULES, REPOSITORY
from .server import clean_environment


def placed(name):
    """The path to run a script of tests/node under."""
    script = NODE_MODULES.parent / name
    script.write_text((REPOSITORY / "tests" / "node" / name).read_text())
    return script


def run(name, *arguments, env, asked=None, timeout=120):
    """Gives the JSON that the script prints; `asked` goes to its standard input as JSON."""
    done = subprocess.run(
        [str(NODE), str(placed(name)), *map(str, arguments)], input=None if asked is None else json.dumps(asked), env=env,
        capture_output=True, text=True, timeout=timeout,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def ran(text, timeout=120):
    """What a program prints that somebody copied from a page, run as it is."""
    copied = NODE_MODULES.parent / "copied.mjs"
    copied.write_text(text)
    done = subprocess.run([str(NODE), str(copied)], env=clean_environment(), capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout
