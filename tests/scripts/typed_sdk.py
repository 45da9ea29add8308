"""The official Python SDK, unmodified: credentials that an app brings, and the word of an app on who signed in. Prints one
JSON object with what it saw.

    typed_sdk.py static KEY_FILE
    typed_sdk.py link CONNECTION IDENTIFIER VERIFY_URL STATE
    typed_sdk.py verify AUTH_REQUEST_ID IDENTIFIER
"""

import json
import os
import sys

import scalekit.client


def sign_in():
    return scalekit.client.ScalekitClient(
        client_id=os.getenv("SCALEKIT_CLIENT_ID"),
        client_secret=os.getenv("SCALEKIT_CLIENT_SECRET"),
        env_url=os.getenv("SCALEKIT_ENV_URL"),
    ).actions


def raised(call):
    try:
        call()
    except Exception as error:  # what class it is, is the question
        return {"class": type(error).__name__, "text": str(error)}
    return None


def shown(account):
    details = account.authorization_details or {}
    static = details.get("static_auth", details) or {}
    return {"status": account.status, "details": static.get("details", static)}


def static(actions):
    def basic(**details):
        return {"static_auth": details}

    def create(identifier, connection="TYPEDBASIC", **more):
        made = actions.create_connected_account(connection_name=connection, identifier=identifier, **more)
        return made.connected_account

    seen = {"basic": shown(create("static-basic", authorization_details=basic(username="ann", password="right")))}
    read = actions.get_connected_account(connection_name="TYPEDBASIC", identifier="static-basic")
    seen["basic_read"] = shown(read.connected_account)["details"]
    create("static-key", "TYPEDKEY", authorization_details=basic(api_key="key-of-ann", app_key="the app"))
    asked = lambda connection, identifier, path: actions.request(
        connection_name=connection, identifier=identifier, path=path, method="GET"
    ).json()
    seen["proxied_basic"] = asked("TYPEDBASIC", "static-basic", "/basic-auth/ann/right")
    seen["proxied_key"] = asked("TYPEDKEY", "static-key", "/keyed?app_key=another")
    seen["empty"] = create("static-empty").status
    given = lambda **details: raised(lambda: create("static-wrong", authorization_details=basic(**details)))
    seen["unknown"] = given(username="ann", pasword="right")
    seen["missing"] = given(username="ann")
    token = {"oauth_token": {"access_token": "at", "refresh_token": "rt", "scopes": []}}
    seen["other_kind"] = raised(lambda: create("static-wrong", authorization_details=token))
    delegated = create("dwd-user", "TYPEDDWD", authorization_details={"google_dwd": {"subject": "ann@practice.example"}})
    details = delegated.authorization_details or {}
    details = details.get("google_dwd", details)
    seen["dwd"] = {"status": delegated.status, **{name: details.get(name) for name in ("subject", "access_token", "scopes")}}
    stranger = {"google_dwd": {"subject": "stranger@practice.example"}}
    seen["stranger"] = create("dwd-stranger", "TYPEDDWD", authorization_details=stranger).status
    return seen


def main(what, *arguments):
    actions = sign_in()
    if what == "static":
        seen = static(actions)
    elif what == "link":
        connection, identifier, url, state = arguments
        made = actions.get_authorization_link(
            connection_name=connection, identifier=identifier, user_verify_url=url or None, state=state or None,
        )
        seen = {"link": made.link}
    else:
        request, identifier = arguments
        seen = {}
        seen["raised"] = raised(lambda: seen.update(
            url=actions.verify_connected_account_user(
                auth_request_id=request, identifier=identifier
            ).post_user_verify_redirect_url
        ))
    print(json.dumps(seen, default=str))


main(*sys.argv[1:])
