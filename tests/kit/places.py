"""Where things are: the repository, the built binary, and what `./test` installed."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("VALETKEY_BINARY", REPOSITORY / "target" / "debug" / "valetkey"))
TOOLS = Path(os.environ.get("VALETKEY_TEST_TOOLS", REPOSITORY / "target" / "test-tools"))
NODE_MODULES = TOOLS / "node" / "node_modules"
NODE = NODE_MODULES / ".bin" / "node"
SCRIPTS = REPOSITORY / "tests" / "scripts"


def python(environment):
    """The interpreter of one of the virtual environments: seed, once, oldest, mcp2, openapi, otel, openbao, converters, adk, typed, agents,
    crewai, webhooks, kit."""
    return TOOLS / environment / "bin" / "python"
