"""Members sign in at oidc-provider, which nobody here wrote: PKCE required, a code good for one exchange, the address had
from its userinfo endpoint alone."""

import subprocess

import pytest

from kit import ports
from kit.node import placed
from kit.places import NODE
from kit.server import Server
from kit.walker import Walker

CLIENT, SECRET = "valetkey", "sign-on: a secret/with+signs&more"


class SignOn:
    """A server whose members may sign in at a provider of its own."""

    def __init__(self, folder):
        (port,) = ports.free(1)
        self.issuer, self.log = f"http://127.0.0.1:{port}", folder / "oidc.log"
        data = folder / "data"
        data.mkdir()
        secret = data / "sign-on-secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        (data / "valetkey.toml").write_text(
            f'[outbound]\nallow = ["127.0.0.1:{port}"]\n'
            f'[sign_on]\nissuer = "{self.issuer}"\nclient_id = "{CLIENT}"\nclient_secret_file = "{secret}"\n'
        )
        self.server = Server(data, "serve").start()
        callback = f"{self.server.url}/sign-in/callback"
        command = [str(NODE), str(placed("oidc.mjs")), str(port), str(folder / "oidc.json"), CLIENT, SECRET, callback]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout.readline().strip() == "listening", self.log.read_text()

    def stop(self):
        self.process.kill()
        self.process.wait(timeout=10)
        self.server.stop()

    def walk(self, name, halt=None, next_page="/dashboard/development/logs"):
        """Somebody signs in there as this; `halt` catches the way back."""
        walker = Walker()
        walker.halt = halt
        walker.open(f"{self.server.url}/sign-in?next={next_page}").submit("provider")
        walker.submit(login=name, password="any").submit()
        return walker


@pytest.fixture(scope="module")
def sign_on(tmp_path_factory):
    running = SignOn(tmp_path_factory.mktemp("sign_on"))
    yield running
    running.stop()


def test_a_member_comes_in_by_the_providers_word_and_goes_on_where_it_was_going(sign_on):
    server = sign_on.server
    server.cli_json("login")
    (made,) = server.cli_json("member", "create", "Ann@example.com", "--role", "auditor")
    walker = sign_on.walk("ann@example.com")
    assert walker.where == f"{server.url}/dashboard/development/logs" and walker.status == 200, walker.text
    walker.open(f"{server.url}/dashboard/development/connections/create")
    assert walker.status == 403, "with the role that an owner gave"
    records = server.cli_json("logs", "list", "--installation", "--subject", made["id"])
    assert any(one["action"] == "member.signed_in" and one["detail"]["by"] == "single sign-on" for one in records)
    server.cli("member", "delete", "ann@example.com")
    assert "/sign-in" in walker.open(f"{server.url}/dashboard/development/logs").where
    refused = sign_on.walk("ann@example.com")
    assert refused.status == 401 and "is no member here" in refused.text


def test_who_is_no_member_or_has_an_address_that_nobody_verified_stays_outside(sign_on):
    sign_on.server.cli("member", "create", "unverified@example.com", "--role", "owner")
    for name, words in (("eve@example.com", "is no member here"), ("unverified@example.com", "does not vouch"),
                        ("owner", "does not vouch"), ("<script>@x", "is no member here")):
        walker = sign_on.walk(name)
        assert walker.status == 401 and words in walker.text and "<script>@x" not in walker.text, walker.text
        assert "/sign-in" in walker.open(f"{sign_on.server.url}/").where


def test_attacks_12_14_15_16_and_18_an_answer_counts_once_in_its_own_browser_and_leads_nowhere_else(sign_on):
    server = sign_on.server
    server.cli("member", "create", "bob@example.com", "--role", "developer")
    caught = sign_on.walk("bob@example.com", halt="/sign-in/callback")
    answer = caught.where
    assert "code=" in answer and "iss=" in answer
    stranger = Walker().open(answer)
    assert stranger.status == 401 and "begun in another browser" in stranger.text, "the attacker's answer, a victim's browser"
    for wrong in (answer.split("?")[0], answer.replace("state=", "state=0"), answer.replace("iss=", "iss=http://evil.example&x=")):
        refused = caught.open(wrong)
        assert refused.status == 401, wrong
    caught.halt = None
    assert caught.open(answer).where == f"{server.url}/dashboard/development/logs"
    again = caught.open(answer)
    assert again.status == 401 and "begin anew" in again.text, "a code is good once"
    for next_page in ("//evil.example/dashboard/", "https://evil.example", "/dashboard/../evil"):
        assert sign_on.walk("bob@example.com", next_page=next_page).where.startswith(server.url)
    assert SECRET not in server.words() and "code=" not in server.words(), "attack 48"


def test_a_provider_that_is_gone_is_told_and_passwords_go_on(sign_on):
    sign_on.process.kill()
    sign_on.process.wait(timeout=10)
    # A server that goes on has for minutes what the provider said of itself, and leads people there; one that starts asks.
    assert Walker().open(f"{sign_on.server.url}/sign-in").status == 200
    sign_on.server.stop()
    sign_on.server.start()
    walker = Walker().open(f"{sign_on.server.url}/sign-in")
    walker.submit("provider")
    assert walker.status == 503 and "does not say how people sign in there" in walker.text
    (made,) = sign_on.server.cli_json("login")
    walker = Walker().open(made["link"]).submit("sign-in")
    assert "/dashboard/development" in walker.where
