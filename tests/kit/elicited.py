"""Official clients that open pages for their user."""

import json
import subprocess

from .places import SCRIPTS, python
from .server import clean_environment


def elicited(generation, url, tool, arguments, *answer):
    """What one call by the Python client of this generation came to, and what its user was asked meanwhile."""
    environment = {"1": "seed", "2": "mcp2"}[generation]
    command = [str(python(environment)), str(SCRIPTS / "elicited.py"), generation, url, tool, json.dumps(arguments), *answer]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)
