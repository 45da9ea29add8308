"""The MCP Inspector's command line, unmodified."""

import subprocess

from .places import NODE, NODE_MODULES
from .server import clean_environment

ERAS = ("legacy", "modern")


def inspect(url, era, *arguments):
    """Its exit code and what it printed."""
    inspector = NODE_MODULES / ".bin" / "mcp-inspector"
    command = [str(NODE), str(inspector), "--cli", url, "--transport", "http", "--protocol-era", era, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
    return done.returncode, done.stdout, done.stderr
