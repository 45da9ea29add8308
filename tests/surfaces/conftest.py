"""One demo for all tests that do not break it, and one browser."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kit import postgres
from kit.person import Person, chromium
from kit.replicas import Replicas
from kit.server import Server


PLACES = ("at_the_start", "a_while_later")


def pytest_configure(config):
    config.addinivalue_line("markers", "waits: of a file that waits more than it works; `./test` runs those beside the others")
    for place in PLACES:
        config.addinivalue_line("markers", f"{place}: runs {place.replace('_', ' ')} of the suite")


def pytest_collection_modifyitems(items):
    """Puts the tests that say so at the start, or a third of the way on: some minutes later, but not so many that a link of
    a quarter of an hour would have ended; all others keep their order. Between two files: what a file's tests share would be
    made twice."""
    marked = {place: [item for item in items if item.get_closest_marker(place)] for place in PLACES}
    others = [item for item in items if not any(item.get_closest_marker(place) for place in PLACES)]
    third = len(others) // 3
    third += next((at for at, item in enumerate(others[third:]) if item.path != others[third - 1].path), 0)
    items[:] = marked["at_the_start"] + others[:third] + marked["a_while_later"] + others[third:]


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("demo") / "data").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def person(browser):
    somebody = Person(browser)
    yield somebody
    somebody.close()


@pytest.fixture
def stranger(browser):
    """Somebody else, at another machine."""
    somebody = Person(browser)
    yield somebody
    somebody.close()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(request):
    """What a server's environment says of where it keeps its data: a file, then an empty PostgreSQL database for each."""
    return lambda: {"VALETKEY_DATABASE": postgres.database()} if request.param == "postgres" else {}


@pytest.fixture(scope="module")
def replicas(tmp_path_factory):
    """Two servers on one PostgreSQL database behind HAProxy."""
    running = Replicas(tmp_path_factory.mktemp("replicas"))
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture
def fresh(tmp_path):
    """A way to start servers of one's own, for tests that break them."""
    started = []

    def start(**options):
        server = Server(tmp_path / f"data{len(started)}", **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
