"""The root key in a real OpenBao: the server never has it, and says what is wrong when the KMS does not do its part."""

import pytest

from kit.connected import connected, fetch
from kit.openbao import OpenBao
from kit.server import Server

pytestmark = pytest.mark.waits


@pytest.fixture(scope="module")
def bao(tmp_path_factory):
    kms = OpenBao(tmp_path_factory.mktemp("bao") / "kms").start().set_up()
    yield kms
    kms.stop()


def with_kms(server, bao, token=None, key="valetkey", approle=None):
    """The server's settings name this KMS."""
    server.data.mkdir(mode=0o700, exist_ok=True)
    lines = ["[transit]", f'address = "{bao.url}"', f'key = "{key}"']
    if approle:
        role, secret = approle
        (server.data / "secret-id").write_text(secret)
        lines += [f'role_id = "{role}"', f'secret_id_file = "{server.data}/secret-id"']
    else:
        (server.data / "kms-token").write_text(token or bao.token())
        lines.append(f'token_file = "{server.data}/kms-token"')
    (server.data / "valetkey.toml").write_text("\n".join(lines) + "\n")
    return server


def test_everything_is_sealed_and_opened_with_a_root_key_that_never_comes_here(fresh, bao):
    server = with_kms(fresh(), bao).start()
    wire = connected(server, "ann", "kms")
    assert fetch(wire) is None
    assert not (server.data / "root.key").exists()
    assert {row["root"] for row in server.cli_json("key", "list")} == {"transit:transit/valetkey:v1"}
    server.stop()
    server.start()
    assert fetch(wire) is None


def test_a_key_that_was_rotated_at_the_kms_wraps_again_and_its_old_version_can_go(fresh, bao):
    server = with_kms(fresh(), bao).start()
    wire = connected(server, "ann", "kms")
    version = bao.ask("GET", "transit/keys/valetkey")["data"]["latest_version"]
    bao.rotate()
    assert fetch(wire) is None
    said = server.cli("key", "rotate", "root")
    assert "were wrapped under transit:transit/valetkey" in said.stdout
    assert {row["root"] for row in server.cli_json("key", "list")} == {f"transit:transit/valetkey:v{version + 1}"}
    server.stop()
    bao.forget_before(version + 1)
    server.start()
    assert fetch(wire) is None


def test_an_approle_signs_in_and_again_when_its_token_has_ended(fresh, bao):
    server = with_kms(fresh(command="serve"), bao, approle=bao.approle()).start()
    for accessor in bao.ask("GET", "auth/token/accessors?list=true")["data"]["keys"]:
        found = bao.ask("POST", "auth/token/lookup-accessor", {"accessor": accessor})["data"]
        if found["path"] == "auth/approle/login":
            bao.ask("POST", "auth/token/revoke-accessor", {"accessor": accessor})
    # A key that is made now needs the KMS.
    server.cli("environment", "create", "second")
    assert server.cli_json("connection", "create", "gmail", "--name", "M", "--client-id", "x", "--environment", "second")
    done = server.cli("connection", "update", "M", "--client-secret-file", "-", "--environment", "second", stdin="secret-1")
    assert "set" in done.stdout


def test_a_root_key_moves_from_the_file_to_the_kms(fresh, bao):
    server = fresh().start()
    wire = connected(server, "ann", "kms")
    server.stop()
    with_kms(server, bao).start()
    assert "transit:transit/valetkey" in server.cli("key", "rotate", "root").stdout
    server.stop()
    (server.data / "root.key").unlink()
    server.start()
    assert fetch(wire) is None


def test_attack_57_a_kms_that_does_not_do_its_part_stops_the_start_by_name(fresh, bao):
    server = with_kms(fresh(command="serve"), bao).start()
    server.stop()
    with_kms(server, bao, key="valetkee")
    said = server.refusal()
    assert "transit:transit/valetkee" in said and "transit:transit/valetkey" in said
    with_kms(server, bao, token=bao.token(["default"]))
    said = server.refusal()
    assert "refused the token (403)" in said and "policy" in said and bao.url in said
    with_kms(server, bao, token="wrong")
    assert "refused the token (403)" in server.refusal()
    new = with_kms(fresh(command="serve"), bao, key="nothere", token=bao.root)
    said = new.refusal()
    assert "no such key (404)" in said and "[transit]" in said
    keys = bao.ask("GET", "transit/keys?list=true")["data"]["keys"]
    assert keys == ["valetkey"], "the KMS made a key of a mistyped name"


def test_a_kms_that_is_down_stops_the_start_and_not_the_calls(tmp_path, fresh):
    kms = OpenBao(tmp_path / "own").start().set_up()
    try:
        server = with_kms(fresh(), kms).start()
        wire = connected(server, "ann", "kms")
        assert fetch(wire) is None
        server.cli("environment", "create", "second")
        server.cli("connection", "create", "gmail", "--name", "M", "--client-id", "x", "--environment", "second")
        kms.stop()
        assert fetch(wire) is None, "a key that was opened is held for ten minutes"
        assert server.answer("GET", "/readyz")[0] == 200
        # What needs a key that is not held is refused, and the server says that it is not ready and why.
        done = server.cli(
            "connection", "update", "M", "--client-secret-file", "-", "--environment", "second", stdin="s", check=False
        )
        assert done.returncode == 1 and kms.url in done.stderr
        status, why = server.answer("GET", "/readyz")
        assert status == 503 and "KMS" in why
        server.stop()
        said = server.refusal()
        assert kms.url in said and "cannot be asked" in said
        kms.start()
        server.start()
        assert fetch(wire) is None
        assert server.answer("GET", "/readyz")[0] == 200
    finally:
        kms.stop()
