"""The walk-through again, with everything that an app, a person and an agent see, on PostgreSQL: the same tests, over a
demo whose proof has run there."""

import pytest

from kit import postgres
from kit.server import Server
from test_consent import test_a_link_says_who_asks_for_whom_and_leads_to_active
from test_contract import *  # noqa: F403  the tests of the official SDKs
from test_seed import *  # noqa: F403  the story of the first page

__all__ = ["test_a_link_says_who_asks_for_whom_and_leads_to_active"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("postgres")
    server = Server(folder / "data", env={"VALETKEY_DATABASE": postgres.database()}).start()
    yield server
    server.stop()
    assert not (folder / "data" / "valetkey.sqlite").exists()
