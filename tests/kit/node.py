"""Scripts for the tests' own Node, put beside the packages that they import."""

from .places import NODE_MODULES, REPOSITORY


def placed(name):
    """The path to run a script of tests/node under."""
    script = NODE_MODULES.parent / name
    script.write_text((REPOSITORY / "tests" / "node" / name).read_text())
    return script
