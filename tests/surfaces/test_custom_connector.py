"""Custom providers by the official SDKs, unmodified: each way to sign in, against an app on TLS that tells what reached it;
OAuth against the lab; and the hosted form by a person."""

import base64
import json
import ssl
import subprocess

import pytest

from kit.echoing import Echoing, echoing
from kit.node import placed
from kit.places import NODE, SCRIPTS, python
from kit.server import Server
from kit.walker import Walker

CLIENT, SECRET = "acme-client", "acme-secret"


class App(Echoing):
    """An app that also has a token endpoint."""

    def answer(self):
        if self.path.startswith("/token"):
            self.server.asked.append({"target": self.path, "body": self._body().decode()})
            return self._send(200, b'{"access_token":"minted-1234","token_type":"Bearer","expires_in":3600}')
        return super().answer()

    do_GET = do_POST = answer


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A server that trusts the app's certificate, and the app."""
    folder = tmp_path_factory.mktemp("custom")
    subprocess.run([python("typed"), SCRIPTS / "tls_pair.py", folder], check=True)
    with echoing() as app:
        app.RequestHandlerClass = App
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "app.pem", folder / "app.key")
        app.socket = context.wrap_socket(app.socket, server_side=True)
        app.url = f"https://127.0.0.1:{app.port}"
        data = folder / "data"
        data.mkdir(mode=0o700)
        (data / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{app.port}"]\n')
        server = Server(data, env={"SSL_CERT_FILE": str(folder / "app.pem")})
        try:
            yield server.start(), app
        finally:
            server.stop()


def run(command, server):
    done = subprocess.run([str(part) for part in command], env=server.sdk_env(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def seen(there):
    server, app = there
    return run([python("seed"), SCRIPTS / "custom_connector.py", app.url], server)


def basic(pair):
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    ("name", "sent", "target"),
    [
        ("key", {"x-api-key": "Acme-Key key-1234"}, "/v1/things?a=1"),
        ("keys", {"dd-api-key": "key-1234", "dd-app-key": "app-1234"}, "/v1/things?a=1"),
        ("token", {"authorization": "Bearer token-1234"}, "/v1/things?a=1"),
        ("basic", {"authorization": basic("ann@acme.com/token:X")}, "/v1/things?a=1"),
        ("path", {"authorization": "Bearer token-1234"}, "/teams/a%20b/things?a=1"),
    ],
)
def test_a_request_carries_the_users_credential_as_the_pattern_says(seen, name, sent, target):
    seen = seen[name]
    assert seen["custom"] and seen["kept"] and seen["type"] and seen["key"] == seen["identifier"], seen
    assert seen["identifier"].startswith(f"ACME{name.upper()}:") and seen["account"] == "ACTIVE"
    asked = seen["asked"]
    assert (asked["status"], asked["ours"], asked["body"]["target"]) == (200, None, target)
    heads = dict(asked["body"]["headers"])
    assert {place: heads.get(place) for place in sent} == sent
    assert heads["x-mine"] == "1"
    assert ("authorization" in heads) == ("authorization" in sent)
    assert json.loads(asked["body"]["body"]) == {"n": 1}


def test_lists_show_the_connectors_of_files_unless_custom_ones_are_asked_for(seen):
    assert seen["listed"] == [True, True] and seen["found"] == [True]
    assert seen["shipped"] and not any(seen["shipped"])


@pytest.mark.parametrize(
    ("case", "kind", "words"),
    [
        ("wrong", "ScalekitBadRequestException", "provider.auth_patterns[0].auth_header_key_override"),
        ("twice", "ScalekitConflictException", "'Acme key'"),
        ("in_use", "ScalekitBadRequestException", "'acme-token'"),
        ("gone", "ScalekitNotFoundException", "custom provider"),
    ],
)
def test_what_is_refused_is_said(seen, case, kind, words):
    assert seen[case]["class"] == kind and words in seen[case]["text"], seen[case]


def test_attack_59_words_move_nothing_and_another_place_ends_what_was_granted(seen):
    assert seen["words"] == ["Other words", {}, True, 200]
    status, asked = seen["moved"]
    assert status == "EXPIRED" and (asked["status"], asked["ours"] is not None) == (404, True), seen["moved"]


def test_the_node_sdk_calls_through_a_provider_that_was_made_by_rest(there):
    server, app = there
    seen = run([NODE, placed("custom_connector.mjs"), server.url, app.url], server)
    assert seen["listed"] == [["acme-node", True]]
    assert seen["asked"] == [200, "/v1/things", "key-of-node", None]


def made(server, name, pattern, proxy_url, kind, **settings):
    """A connection on a new provider."""
    wanted = {"display_name": name, "proxy_url": proxy_url, "proxy_enabled": True, "auth_patterns": [pattern]}
    provider = server.api("POST", "/api/v1/custom-providers", wanted)["provider"]
    new = {"provider_key": provider["identifier"], "type": kind, "key_id": name.upper()}
    connection = server.api("POST", "/api/v1/connections", new)["connection"]
    if settings:
        change = {"provider_key": provider["identifier"], "oauth_config": settings}
        connection = server.api("PATCH", f"/api/v1/connections/{connection['id']}", change)["connection"]
    return provider, connection


def link(server, connection, user):
    wanted = {"connector": connection["key_id"], "identifier": user}
    return server.api("POST", "/api/v1/connected_accounts/magic_link", wanted)["link"]


def proxied(server, connection, user, path="/things"):
    whose = [("connection_name", connection["key_id"]), ("identifier", user)]
    status, text = server.answer("GET", f"/proxy{path}", token=server.token(), headers=whose)
    return status, json.loads(text)


def test_a_person_signs_in_by_oauth_at_the_providers_own_endpoints(there):
    server, app = there
    scope = "https://www.googleapis.com/auth/gmail.readonly"
    pattern = {"type": "OAUTH", "oauth_config": {
        "authorize_uri": f"{server.lab_url}/o/oauth2/v2/auth", "token_uri": f"{server.lab_url}/token",
        "user_info_uri": f"{server.lab_url}/v1/userinfo",
        "available_scopes": [{"scope": one, "required": True} for one in ("openid", "email", scope)],
    }}
    provider, connection = made(
        server, "oauth", pattern, app.url + "/v1", "OAUTH", client_id=CLIENT, client_secret=SECRET
    )
    config = connection["oauth_config"]
    assert config["authorize_uri"].startswith(server.lab_url) and scope in config["scopes"]
    client = {"id": CLIENT, "secret": SECRET, "redirect_uris": [config["redirect_uri"]]}
    server.control("POST", "/clients", client, expect=None)
    Walker().connect(link(server, connection, "carl"))
    (account,) = server.cli_json("account", "list", "--identifier", "carl")
    assert account["status"] == "ACTIVE" and account["subject"], account
    status, about = proxied(server, connection, "carl")
    assert status == 200 and about["target"] == "/v1/things"
    assert dict(about["headers"])["authorization"].startswith("Bearer ")


def test_an_accounts_own_oauth_endpoints_are_made_of_what_it_says(there):
    server, app = there
    named = {"realm": "v2", "door": "token", "who": "v1"}
    pattern = {"type": "OAUTH", "oauth_config": {
        "authorize_uri": f"{server.lab_url}/o/oauth2/{{{{realm}}}}/auth", "token_uri": f"{server.lab_url}/{{{{door}}}}",
        "user_info_uri": f"{server.lab_url}/{{{{who}}}}/userinfo",
        "available_scopes": [{"scope": one, "required": True} for one in ("openid", "email")],
    }, "account_fields": [{"field_name": name, "label": name.title(), "required": True} for name in named]}
    _, connection = made(server, "tenants", pattern, app.url, "OAUTH", client_id="tenants", client_secret=SECRET)
    config = connection["oauth_config"]
    assert config["authorize_uri"] == pattern["oauth_config"]["authorize_uri"], "as it was said"
    client = {"id": "tenants", "secret": SECRET, "redirect_uris": [config["redirect_uri"]]}
    server.control("POST", "/clients", client, expect=None)
    wanted = {"connector": "TENANTS", "identifier": "gus"}
    refused = server.api("POST", "/api/v1/connected_accounts/magic_link", wanted, expect=400)
    assert "`realm`" in refused["message"] and "api_config" in refused["message"], refused
    assert server.cli_json("account", "list", "--identifier", "gus") == [], "what is refused makes no account"
    account = {**wanted, "connected_account": {"api_config": {**named, "realm": "../v2"}}}
    server.api("POST", "/api/v1/connected_accounts", account)
    refused = server.api("POST", "/api/v1/connected_accounts/magic_link", wanted, expect=400)
    assert "`realm`" in refused["message"] and "part of a path" in refused["message"], refused
    server.api("PUT", "/api/v1/connected_accounts", {**wanted, "connected_account": {"api_config": named}})
    Walker().connect(link(server, connection, "gus"))
    (account,) = server.cli_json("account", "list", "--identifier", "gus")
    assert account["status"] == "ACTIVE" and account["subject"], account
    status, about = proxied(server, connection, "gus")
    assert status == 200 and dict(about["headers"])["authorization"].startswith("Bearer ")


def test_a_provider_is_made_listed_changed_and_deleted_on_the_command_line(there, tmp_path):
    server, app = there
    wanted = {
        "display_name": "Typed by hand", "proxy_url": app.url + "/v1", "metadata": {"team": "tests"},
        "auth_patterns": [{"type": "BEARER", "fields": [{"field_name": "token"}], "later": {"kept": [1, "é"]}}],
    }
    file = tmp_path / "provider.json"
    file.write_text(json.dumps(wanted))
    (made_one,) = server.cli_json("provider", "create", str(file))
    name = made_one["identifier"]
    assert name.startswith("TYPEDBYHAND:") and made_one["proxy_enabled"] is True
    assert {key: made_one[key] for key in wanted} == wanted
    assert name in [row["identifier"] for row in server.cli_json("provider", "list")]
    shown = server.api("GET", f"/api/v1/providers?identifier={name}")["providers"][0]
    assert shown["display_name"] == "Typed by hand" and shown["auth_patterns"] == wanted["auth_patterns"]
    server.cli("connection", "create", name, "--name", "BY_HAND")
    file.write_text(server.cli("provider", "get", name, "--json").stdout)
    assert server.cli_json("provider", "update", name, str(file))[0]["auth_patterns"] == wanted["auth_patterns"], "as it is"
    (changed,) = server.cli_json("provider", "update", name, "-", stdin='{"description": "Words", "proxy_enabled": false}')
    assert (changed["description"], changed["proxy_enabled"], changed["metadata"]) == ("Words", False, {"team": "tests"})
    for arguments, stdin, words in [
        (["create", "-"], "{", "does not describe a provider"),
        (["create", "-"], '{"display_name": "x", "colour": "red"}', "colour"),
        (["create", "-"], '{"display_name": "x"}', "proxy_url"),
        (["create", "-"], json.dumps({**wanted, "display_name": "a/b"}), "display_name"),
        (["create", "-"], json.dumps(wanted), "already"),
        (["update", name, "-"], '{"auth_patterns": [{"type": "NOPE"}]}', "auth_patterns[0].type"),
        (["get", name + "1"], None, "not found"),
        (["delete", name], None, "BY_HAND"),
    ]:
        done = server.cli("provider", *arguments, stdin=stdin, check=False)
        assert done.returncode == 1 and words in done.stderr, (arguments, done)
    server.cli("connection", "delete", "BY_HAND")
    assert server.cli("provider", "delete", name).stdout == "deleted\n"
    assert name not in [row["identifier"] for row in server.cli_json("provider", "list")]


@pytest.mark.parametrize(("name", "path", "own"), [("machine", "/token", {}), ("machines", "/{{door}}", {"door": "token-of-dora"})])
def test_access_tokens_of_a_client_are_had_at_the_providers_token_endpoint(there, name, path, own):
    server, app = there
    pattern = {"type": "OAUTH_M2M", "oauth_config": {"token_uri": f"{app.url}{path}"}, "fields": [
        {"field_name": "client_id", "label": "Id", "required": True},
        {"field_name": "client_secret", "label": "Secret", "input_type": "password", "required": True},
    ]}
    pattern["account_fields"] = [{"field_name": field, "label": field, "required": True} for field in own]
    _, connection = made(server, name, pattern, app.url + "/v1", "OAUTH_M2M")
    details = {"client_id": f"robot-{name}", "client_secret": "hush-1234", **own}
    given = {"static_auth": {"details": details}}
    wanted = {"connector": name.upper(), "identifier": "dora", "connected_account": {"authorization_details": given}}
    server.api("POST", "/api/v1/connected_accounts", wanted)
    status, about = proxied(server, connection, "dora")
    assert (status, dict(about["headers"])["authorization"]) == (200, "Bearer minted-1234")
    (asked,) = [one for one in app.asked if f"client_id=robot-{name}&" in one["body"] + "&"]
    assert asked["target"] == f"/{own.get('door', 'token')}" and "grant_type=client_credentials" in asked["body"]


def test_a_person_types_a_key_and_the_own_domain_into_the_hosted_form(there):
    server, app = there
    pattern = {"type": "API_KEY", "allowed_proxy_domains": ["127.0.0.1", "acme.com"], "fields": [
        {"field_name": "api_key", "label": "API key", "input_type": "password", "required": True},
        {"field_name": "domain", "label": "Your domain", "hint": "yourcompany.acme.com", "required": True},
    ]}
    _, connection = made(server, "typed", pattern, app.url.replace("127.0.0.1", "{{domain}}") + "/v1", "API_KEY")
    asked = link(server, connection, "emil")
    person = Walker()
    person.open(asked)
    assert "Your domain" in person.text and "yourcompany.acme.com" in person.text and "API key" in person.text
    person.submit("continue", **{"field.api_key": "typed-1234", "field.domain": "evil.test"})
    assert "typed-1234" not in person.text
    assert proxied(server, connection, "emil")[0] == 404, "a domain that is not allowed connects nobody"
    person.submit("continue", **{"field.api_key": "typed-1234", "field.domain": "127.0.0.1"})
    status, about = proxied(server, connection, "emil")
    assert status == 200 and dict(about["headers"])["authorization"] == "typed-1234"


def test_attack_60_an_account_leads_nowhere_but_to_the_allowed_domains(there):
    server, app = there
    pattern = {"type": "API_KEY", "allowed_proxy_domains": ["127.0.0.1"], "fields": [
        {"field_name": "api_key", "input_type": "password", "required": True}, {"field_name": "domain", "required": True},
    ]}
    address = app.url.replace("127.0.0.1", "{{domain}}")
    _, connection = made(server, "bound", pattern, address, "API_KEY")
    account = {"connector": "BOUND", "identifier": "fay", "connected_account": {
        "authorization_details": {"static_auth": {"details": {"api_key": "bound-1234", "domain": "127.0.0.1"}}},
    }}
    made_account = server.api("POST", "/api/v1/connected_accounts", account)["connected_account"]
    assert proxied(server, connection, "fay")[0] == 200
    before = len(app.asked)
    for domain, status in [("evil.test", 403), ("127.0.0.1.evil.test", 403), ("127.0.0.1/x", 404), ("a@b", 404)]:
        change = {"id": made_account["id"], "connected_account": {"api_config": {"domain": domain}}}
        server.api("PUT", "/api/v1/connected_accounts", change)
        answer = proxied(server, connection, "fay")
        assert answer[0] == status and "domain" in answer[1]["message"], (domain, answer)
    assert len(app.asked) == before, "nothing left"


def test_a_config_names_a_connection_on_a_custom_provider(there):
    server, app = there
    _, connection = made(server, "served", {"type": "NO_AUTH"}, app.url, "NO_AUTH")
    mappings = [{"connection_name": connection["key_id"], "tools": []}]
    config = server.api("POST", "/api/v1/mcp/configs", {"name": "custom", "connection_tool_mappings": mappings})
    (mapping,) = config["config"]["connection_tool_mappings"]
    assert mapping["connection_id"] == connection["id"] and mapping["provider"].startswith("SERVED:")
