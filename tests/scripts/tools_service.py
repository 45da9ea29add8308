"""ToolService by the official Python SDK: lists, the search, calls with each class of failure, and LangChain's adapter.

Arguments: the user, whose account on MY_GMAIL is signed in, and that account's id. Prints JSON.
"""

import json
import os
import sys

import scalekit.client
from google.protobuf.json_format import MessageToDict
from scalekit.common import exceptions
from scalekit.v1.tools.tools_pb2 import Filter, ScopedToolFilter

USER, ACCOUNT = sys.argv[1:]

def client():
    names = ("SCALEKIT_CLIENT_ID", "SCALEKIT_CLIENT_SECRET", "SCALEKIT_ENV_URL")
    client_id, client_secret, env_url = (os.environ[name] for name in names)
    return scalekit.client.ScalekitClient(client_id=client_id, client_secret=client_secret, env_url=env_url)


def raised(call):
    """What a call raises, and the SDK's classes that it is one of."""
    try:
        call()
    except exceptions.ScalekitServerException as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        return {"class": type(error).__name__, "kinds": kinds, "text": str(error), "code": error.error_code}
    return None


def main():
    sdk = client()
    actions, tools = sdk.actions, sdk.tools
    seen = {}

    def call(tool, **how):
        return actions.execute_tool(tool_name=tool, **how)

    subject = {"max_results": 2.0}
    for name, how in {
        "by_id": {"connected_account_id": ACCOUNT},
        "by_connection": {"identifier": USER, "connection_name": "MY_GMAIL"},
        "by_user": {"identifier": USER},
    }.items():
        done = call("gmail_fetch_mails", tool_input=subject, **how)
        seen[name] = {"messages": len(done.data["messages"]), "execution": done.execution_id}

    seen["unknown_tool"] = raised(lambda: call("gmail_fetch_mail", tool_input={}, identifier=USER))
    seen["of_another"] = raised(
        lambda: call("googlecalendar_list_events", tool_input={}, connected_account_id=ACCOUNT)
    )
    seen["nobody"] = raised(lambda: call("gmail_fetch_mails", tool_input={}, identifier="nobody"))
    seen["arguments"] = raised(lambda: call("gmail_fetch_mails", tool_input={"max_result": 1}, identifier=USER))

    listed = tools.list_tools(filter=Filter(provider="GMAIL"))[0]
    seen["gmail"] = [tool.definition["name"] for tool in listed.tools]
    seen["total"] = listed.total_size
    seen["metadata"] = MessageToDict(listed.tools[0].metadata)
    definition = MessageToDict(listed.tools[0].definition)
    seen["definition"] = sorted(definition)
    seen["annotations"] = sorted(definition["annotations"])
    first = tools.list_tools(filter=Filter(provider="GMAIL"), page_size=3)[0]
    second = tools.list_tools(filter=Filter(provider="GMAIL"), page_size=3, page_token=first.next_page_token)[0]
    seen["pages"] = [tool.definition["name"] for page in (first, second) for tool in page.tools]
    seen["garbage"] = raised(lambda: tools.list_tools(page_token="garbage"))
    scoped = tools.list_scoped_tools(identifier=USER)[0]
    seen["scoped"] = [len(scoped.tools), scoped.total_size, sorted({one.connected_account_id for one in scoped.tools})]
    few = ScopedToolFilter(connection_names=["MY_GMAIL"], tool_names=["gmail_fetch_mails"])
    seen["few"] = [one.tool.definition["name"] for one in tools.list_scoped_tools(identifier=USER, filter=few)[0].tools]

    found = tools.search_tools("show me my newest emails", identifier=USER, top_k=5)[0].tools
    seen["found"] = [one.name for one in found]
    first = next(one for one in found if one.provider == "GMAIL")
    seen["ready"] = [(one.connection_name, one.readiness_state, one.connected_account_id) for one in first.connections]

    chain = {tool.name: tool for tool in actions.langchain.get_tools(identifier=USER)}
    seen["langchain"] = sorted(chain)
    seen["schema"] = sorted(chain["gmail_fetch_mails"].args_schema["properties"])
    seen["invoked"] = chain["gmail_fetch_mails"].invoke({"max_results": 1})[:2000]
    seen["failing"] = chain["gmail_get_message_by_id"].invoke({"message_id": "nothing"})[:2000]
    print(json.dumps(seen))


main()
