"""Accounts that bring a private key. Clients say who they are by what they sign (private_key_jwt) to oidc-provider 9, which
takes each assertion once; what is exchanged, or sent itself, is checked by Google's own library."""

import json

import pytest

from kit.mcp import Wire
from kit.oidc import Practice
from kit.typed import Typed


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    running = Practice(tmp_path_factory.mktemp("practice"))
    try:
        running.start()
        ends = ["--token-url", f"{running.url}/token", "--api-base-url", running.url]
        running.server.cli("connection", "create", "practicepair", "--name", "PAIR", *ends)
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    running = Typed(tmp_path_factory.mktemp("typed"))
    try:
        yield running.start()
    finally:
        running.stop()


def new_pair(practice, client):
    return practice.make(f"pair/{client}")["private_key"]


def wire(practice, user):
    instance = practice.server.instance(user, "pair", [{"connection_name": "PAIR", "tools": []}])
    made = Wire(instance["url"])
    (made.entry,) = practice.server.links(instance).values()
    return made


def brought(practice, user, connection="PAIR", expect=200, **details):
    given = {"authorization_details": {"static_auth": {"details": details}}}
    body = {"connector": connection, "identifier": user, "connected_account": given}
    return practice.server.api("POST", "/api/v1/connected_accounts", body, expect=expect)


def kept_nowhere(server, key):
    """No line of a private key is in what the server wrote: database, journal as it is shown, or log."""
    lines = [line for line in key.splitlines() if len(line) > 40]
    files = [path.read_bytes() for path in server.data.iterdir() if path.is_file()]
    shown = server.words() + server.cli("logs", "list", "--json").stdout
    return lines and all(line not in shown and all(line.encode() not in file for file in files) for line in lines)


def test_a_person_types_a_private_key_which_is_tried_and_kept_sealed(practice, person):
    key, other = new_pair(practice, "typed-pair"), new_pair(practice, "another-pair")
    made = wire(practice, "types")
    person.open(made.entry["authentication_link"])

    def fill(text):
        person.page.fill("#field-client_id", "typed-pair")
        person.page.fill("#field-private_key", text)
        person.page.click("#continue")

    fill("-----BEGIN PRIVATE KEY-----\nnot-a-key\n-----END PRIVATE KEY-----")
    assert person.page.inner_text("#fault-private_key").startswith("This is not a private key that signs")
    assert practice.seen()["granted"].get("client_credentials", 0) == 0, "nobody was asked about what can't be right"
    fill(other)
    assert "did not accept this" in person.page.inner_text(".told")
    assert person.page.input_value("#field-private_key") == "" and "PRIVATE KEY" not in person.page.content()
    fill(key)
    assert person.title() == "Practice Pair is connected"
    assert made.done("practicepair_whoami")["user"] == "typed-pair"
    assert practice.account("types")["subject"] == "typed-pair"
    assert kept_nowhere(practice.server, key) and kept_nowhere(practice.server, other)


@pytest.mark.parametrize("client", ["rsa", "p-256"])
def test_an_app_brings_a_private_key_and_gets_nothing_of_it_back(practice, client):
    key, user = new_pair(practice, client), f"brought-{client}"
    practice.make("ttl/30")
    answers = [brought(practice, user, client_id=client, key_id="key-1", private_key=key)]
    made, before = wire(practice, user), practice.seen()["granted"].get("client_credentials", 0)
    for _ in range(2):
        assert made.done("practicepair_whoami")["user"] == client, "a token that ends soon is had again, for another assertion"
    practice.make("ttl/3600")
    assert practice.seen()["granted"]["client_credentials"] == before + 2
    where = f"connector=PAIR&identifier={user}"
    answers.append(practice.server.api("GET", f"/api/v1/connected_accounts/auth?{where}"))
    assert answers[1]["connected_account"]["authorization_details"]["oauth_token"]["access_token"]
    answers.append(practice.server.api("GET", f"/api/v1/connected_accounts/details?{where}"))
    answers.append(practice.server.cli_json("account", "get", practice.account(user)["id"]))
    whose = [("connection_name", "PAIR"), ("identifier", user)]
    status, text = practice.server.answer("GET", "/proxy/api/whoami", token=practice.server.token(), headers=whose)
    assert (status, json.loads(text)["user"]) == (200, client), "a proxied request carries a token of the pair's"
    answers.append(text)
    assert "PRIVATE KEY" not in json.dumps(answers)
    assert kept_nowhere(practice.server, key)


def test_a_provider_of_the_apis_own_has_key_pairs_by_its_token_endpoints_method(practice):
    pattern = {"type": "OAUTH_M2M", "oauth_config": {
        "token_uri": f"{practice.url}/token", "token_endpoint_auth_method": "private_key_jwt",
        "available_scopes": [{"scope": "notes", "required": True}],
    }, "fields": [{"field_name": "client_id"}, {"field_name": "private_key", "input_type": "password"}]}
    wanted = {"display_name": "Own pairs", "proxy_url": "https://api.practice.example", "auth_patterns": [pattern]}
    provider = practice.server.api("POST", "/api/v1/custom-providers", wanted)["provider"]["identifier"]
    new = {"provider_key": provider, "type": "OAUTH_M2M", "key_id": "OWN_PAIRS"}
    assert practice.server.api("POST", "/api/v1/connections", new)["connection"]["type"] == "OAUTH_M2M"
    refused = brought(practice, "none", "OWN_PAIRS", expect=400, client_id="own", private_key="no key")
    assert "private_key is not a private key that signs" in refused["message"], refused
    brought(practice, "own", "OWN_PAIRS", client_id="own", private_key=new_pair(practice, "own"))
    where = "connector=OWN_PAIRS&identifier=own"
    account = practice.server.api("GET", f"/api/v1/connected_accounts/auth?{where}")["connected_account"]
    token = account["authorization_details"]["oauth_token"]["access_token"]
    assert token and account["status"] == "ACTIVE", account


def test_a_key_that_the_provider_no_longer_knows_connects_nobody(practice):
    key = new_pair(practice, "rolled")
    practice.make("ttl/30")
    brought(practice, "rolled", client_id="rolled", private_key=key)
    made = wire(practice, "rolled")
    assert made.done("practicepair_whoami")["user"] == "rolled"
    practice.make("ttl/3600")
    new_pair(practice, "rolled")
    practice.make("end-access")
    before = practice.seen()["refused"]
    words = made.refused("practicepair_whoami")
    assert practice.seen()["refused"] == [*before, "client_credentials invalid_client"], words


@pytest.mark.parametrize(("connector", "user"), [("typedsigned", "ANN"), ("typedgrant", "ann@practice.example")])
def test_what_is_signed_is_exchanged_or_sent_itself(typed, person, connector, user):
    key = json.loads(typed.services.key_file)["private_key"]
    wire = typed.wire(f"with-{connector}", connector)
    person.open(wire.link)
    for name, value in {"user": user, "key_id": "key-1", "private_key": key}.items():
        person.page.fill(f"#field-{name}", value)
    person.page.click("#continue")
    assert person.title().endswith("is connected")
    assert wire.done(f"{connector}_whoami")["user"] == user
    assert kept_nowhere(typed.server, key)
