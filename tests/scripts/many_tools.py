"""All tools of a user through LangChain's adapter of the official SDK, and as OpenAI takes them.

Argument: the user. Prints JSON: how many there are of each.
"""

import json
import os
import sys

import scalekit.client
from langchain_core.utils.function_calling import convert_to_openai_tool

USER = sys.argv[1]

names = ("SCALEKIT_CLIENT_ID", "SCALEKIT_CLIENT_SECRET", "SCALEKIT_ENV_URL")
client_id, client_secret, env_url = (os.environ[name] for name in names)
sdk = scalekit.client.ScalekitClient(client_id=client_id, client_secret=client_secret, env_url=env_url)
chain = sdk.actions.langchain.get_tools(identifier=USER)
seen = {"langchain": len({tool.name for tool in chain})}
seen["openai"] = len([convert_to_openai_tool(tool)["function"]["parameters"]["properties"] for tool in chain])
print(json.dumps(seen))
