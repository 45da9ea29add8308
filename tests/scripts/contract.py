"""What the official SDK raises for each kind of refusal, and how it comes over a token that died under it.

Arguments: the binary and the data folder, to end the client's tokens at the command line while the SDK holds one.
"""

import json
import os
import subprocess
import sys

import requests
import scalekit.client
from scalekit.common.exceptions import ScalekitServerException


class Asked:
    """Counts what the SDK asks of the token endpoint."""

    def __init__(self):
        self.tokens = 0
        self.original = requests.Session.request
        requests.Session.request = lambda session, method, url, **rest: self.count(session, method, url, rest)

    def count(self, session, method, url, rest):
        self.tokens += url.endswith("/oauth/token")
        return self.original(session, method, url, **rest)


def client(**changed):
    given = {
        "client_id": os.environ["SCALEKIT_CLIENT_ID"],
        "client_secret": os.environ["SCALEKIT_CLIENT_SECRET"],
        "env_url": os.environ["SCALEKIT_ENV_URL"],
    }
    return scalekit.client.ScalekitClient(**{**given, **changed})


def raised(call):
    try:
        call()
    except ScalekitServerException as error:
        return {
            "class": type(error).__name__, "http": int(error.http_status), "code": error.error_code,
            "grpc": error.grpc_status.name, "text": str(error),
        }
    return None


def main():
    binary, data = sys.argv[1:]
    asked = Asked()
    sdk = client()
    actions = sdk.actions
    config = {"name": "contract", "connection_tool_mappings": []}
    seen = {"tokens_after_construction": asked.tokens}
    seen["unknown"] = raised(lambda: actions.mcp.get_instance(instance_id="inst_88630864544790977"))
    seen["invalid"] = raised(lambda: actions.mcp.create_config(**{**config, "name": "Upper"}))
    seen["unimplemented"] = raised(lambda: sdk.directory.list_directories(organization_id="org_1"))
    seen["no_account"] = raised(lambda: actions.get_connected_account(connection_name="MY_GMAIL", identifier="nobody"))
    seen["no_connection"] = raised(lambda: actions.create_connected_account(connection_name="NONE", identifier="nobody"))
    seen["wrong_secret"] = raised(lambda: client(client_secret="wrong"))
    seen["wrong_client"] = raised(lambda: client(client_id="skc_1"))

    before = asked.tokens
    ended = subprocess.run(
        [binary, "--data", data, "client", "expire", os.environ["SCALEKIT_CLIENT_ID"]], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    seen["after_the_token_died"] = raised(lambda: actions.mcp.list_configs())
    seen["tokens_for_that"] = asked.tokens - before
    # From here on the SDK sends two authorization values: the fresh one, then the dead one of its construction.
    seen["with_a_stale_second_value"] = raised(lambda: actions.mcp.list_configs())
    seen["tokens_then"] = asked.tokens - before
    made = actions.get_or_create_connected_account(connection_name="MY_GMAIL", identifier="contract-user")
    seen["made"] = [made.connected_account.identifier, made.connected_account.status]
    link = actions.get_authorization_link(connection_name="MY_GMAIL", identifier="contract-user")
    seen["link"] = link.link
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
