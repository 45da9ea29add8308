"""A custom connector, as its documentation tells it: with the official Python SDK, unmodified.

    custom_connector.py UPSTREAM

A provider for each way to sign in without a person, a connection on it, a user's account with its credential, and a request
through the proxy; then what becomes of a provider that changes and goes. Prints what was seen. UPSTREAM is an app at
https://127.0.0.1:PORT that tells what reached it.
"""

import json
import os
import sys

import scalekit.client
from scalekit.actions.models.custom_provider import AuthField, AuthPattern
from scalekit.actions.models.requests.create_custom_provider_request import CreateCustomProviderRequest
from scalekit.actions.models.requests.delete_custom_provider_request import DeleteCustomProviderRequest
from scalekit.actions.models.requests.list_providers_request import ListProvidersRequest
from scalekit.actions.models.requests.update_custom_provider_request import UpdateCustomProviderRequest
from scalekit.common.exceptions import ScalekitServerException
from scalekit.v1.connections.connections_pb2 import ConnectionType, CreateConnection, Flags
from scalekit.v1.providers.providers_pb2 import ProviderType

USER = "ann"


def secret(name, **more):
    return AuthField(field_name=name, label=name.upper(), input_type="password", required=True, **more)


def domain():
    return AuthField(field_name="domain", label="Domain", hint="yourcompany.acme.com", required=True)


# For each: what the pattern says, its type as connections have it, the account's credential, where it leads.
CASES = {
    "key": (
        {"type": "API_KEY", "fields": [secret("api_key")], "auth_header_key_override": "X-Api-Key",
         "auth_field_mutations": {"api_key": {"prefix": "Acme-Key "}}},
        ConnectionType.API_KEY, {"api_key": "key-1234"}, "/v1",
    ),
    "keys": (
        {"type": "API_KEY", "fields": [secret("api_key", header_name="DD-API-KEY"), secret("app", header_name="DD-APP-KEY")]},
        ConnectionType.API_KEY, {"api_key": "key-1234", "app": "app-1234"}, "/v1",
    ),
    "token": (
        {"type": "BEARER", "fields": [secret("token")], "later": {"unknown": [1, 2.5, None, "é"]}},
        ConnectionType.BEARER, {"token": "token-1234"}, "/v1/",
    ),
    "basic": (
        {"type": "BASIC", "fields": [secret("username"), domain()], "allowed_proxy_domains": ["127.0.0.1"],
         "auth_field_mutations": {"username": {"suffix": "/token"}, "password": {"default": "X"}}},
        ConnectionType.BASIC, {"username": "ann@acme.com", "domain": "127.0.0.1"}, "{domain}",
    ),
    "path": (
        {"type": "BEARER", "fields": [
            secret("token"), AuthField(field_name="team", label="Team", is_path_param=True, required=True),
        ]},
        ConnectionType.BEARER, {"token": "token-1234", "path_variables": {"team": "a b"}}, "/teams/{{team}}",
    ),
    "open": ({"type": "NO_AUTH", "fields": []}, ConnectionType.NO_AUTH, None, "/v1"),
}


def raised(call):
    try:
        call()
    except ScalekitServerException as error:
        return {"class": type(error).__name__, "text": str(error)}
    return None


class Story:
    def __init__(self, upstream):
        self.upstream = upstream
        self.sdk = scalekit.client.ScalekitClient(
            client_id=os.environ["SCALEKIT_CLIENT_ID"],
            client_secret=os.environ["SCALEKIT_CLIENT_SECRET"],
            env_url=os.environ["SCALEKIT_ENV_URL"],
        )
        self.providers = self.sdk.actions.providers

    def address(self, path):
        if path == "{domain}":
            return self.upstream.replace("127.0.0.1", "{{domain}}") + "/v1"
        return self.upstream + path

    def provider(self, name, pattern, path):
        given = AuthPattern(display_name=f"{name} of Acme", **pattern)
        wanted = CreateCustomProviderRequest(
            display_name=f"Acme {name}", description="An app of the tests", proxy_url=self.address(path),
            auth_patterns=[given], icon_src="https://acme.com/icon.png", metadata={"team": "tests"},
        )
        return given, self.providers.create_custom_provider(wanted).provider

    def connection(self, name, provider, kind):
        wanted = CreateConnection(provider_key=provider.identifier, type=kind, key_id=f"acme-{name}")
        return self.sdk.connection.create_environment_connection(wanted, Flags(is_app=True))[0].connection

    def ask(self, name, path="/things?a=1", **more):
        answer = self.sdk.actions.request(connection_name=f"acme-{name}", identifier=USER, path=path, **more)
        return {"status": answer.status_code, "ours": answer.headers.get("x-valetkey-error"), "body": answer.json()}

    def account(self, name, details):
        given = {} if details is None else {"authorization_details": {"static_auth": details}}
        made = self.sdk.actions.get_or_create_connected_account(
            connection_name=f"acme-{name}", identifier=USER, **given
        )
        return made.connected_account


def one(story, name):
    pattern, kind, details, path = CASES[name]
    given, provider = story.provider(name, pattern, path)
    connection = story.connection(name, provider, kind)
    account = story.account(name, details)
    seen = {
        "identifier": provider.identifier, "custom": provider.is_custom, "kept": provider.auth_patterns[0].to_dict() == given.to_dict(),
        "type": connection.type == kind, "key": connection.provider_key, "account": account.status,
    }
    if details is not None:
        seen["asked"] = story.ask(name, method="POST", body={"n": 1}, headers={"X-Mine": "1"})
    return seen, provider, connection


def update(provider, **changed):
    same = {"identifier": provider.identifier, "display_name": provider.display_name, "proxy_url": provider.proxy_url}
    return UpdateCustomProviderRequest(**{**same, **changed})


def main():
    story = Story(sys.argv[1])
    seen, made = {}, {}
    for name in CASES:
        seen[name], *made[name] = one(story, name)
    every, listed, token = [provider.identifier for provider, _ in made.values()], [], ""
    while token is not None:
        page = story.providers.list_providers(
            ListProvidersRequest(provider_type=ProviderType.CUSTOM, page_size=2, page_token=token or None)
        )
        listed += [provider.identifier for provider in page.providers]
        token = page.next_page_token or None
    seen["listed"] = [listed == every, len(set(listed)) == len(listed)]
    provider = made["token"][0]
    found = story.providers.list_providers(ListProvidersRequest(identifier=provider.identifier)).providers
    seen["found"] = [one.auth_patterns[0].to_dict() == provider.auth_patterns[0].to_dict() for one in found]
    seen["shipped"] = [one.is_custom for one in story.providers.list_providers(ListProvidersRequest()).providers]

    wrong = {**CASES["key"][0], "auth_header_key_override": "x\r\ny: z"}
    seen["wrong"] = raised(lambda: story.provider("wrong", wrong, "/v1"))
    seen["twice"] = raised(lambda: story.provider("key", CASES["key"][0], "/v1"))
    seen["in_use"] = raised(lambda: story.providers.delete_custom_provider(
        DeleteCustomProviderRequest(identifier=provider.identifier)
    ))
    words = story.providers.update_custom_provider(update(provider, description="Other words")).provider
    seen["words"] = [words.description, words.metadata, words.proxy_enabled, story.ask("token")["status"]]
    elsewhere = story.upstream.replace("127.0.0.1", "localhost") + "/v1"
    story.providers.update_custom_provider(update(provider, proxy_url=elsewhere))
    seen["moved"] = [story.account("token", None).status, story.ask("token")]

    spare = story.provider("spare", {"type": "NO_AUTH"}, "/v1")[1]
    story.providers.delete_custom_provider(DeleteCustomProviderRequest(identifier=spare.identifier))
    seen["gone"] = raised(lambda: story.providers.delete_custom_provider(
        DeleteCustomProviderRequest(identifier=spare.identifier)
    ))
    print(json.dumps(seen))


main()
