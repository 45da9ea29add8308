"""The official Python client, 1.x or 2.x, at a URL whose user has to sign in, in its own words: finds out where, registers, waits
for the person, calls, lets its token end, and calls again. Writes the address that the person is to open, reads the one that
the person's browser came back to, and prints JSON."""

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit

from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientMetadata

URL, AGENT = sys.argv[1], sys.argv[2]
SECOND = version("mcp").startswith("2.")


class Kept:
    """What a client keeps between its runs."""

    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


async def leave(url):
    print(url, flush=True)


async def back():
    came = await asyncio.to_thread(sys.stdin.readline)
    says = {name: value for name, (value,) in parse_qs(urlsplit(came.strip()).query).items()}
    if not SECOND:
        return says["code"], says["state"]
    from mcp.shared.auth import AuthorizationCodeResult
    return AuthorizationCodeResult(**says)


@asynccontextmanager
async def opened(auth):
    if SECOND:
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client
        from mcp.shared._httpx_utils import create_mcp_http_client
        async with Client(streamable_http_client(URL, http_client=create_mcp_http_client(auth=auth))) as client:
            yield client
        return
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client
    async with streamablehttp_client(URL, auth=auth) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        yield session


async def main():
    kept = Kept()
    about = OAuthClientMetadata(client_name="Desk agent", redirect_uris=[AGENT])
    auth = OAuthClientProvider(URL, about, kept, leave, back)
    async with opened(auth) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        first = kept.tokens.access_token
        auth.context.token_expiry_time = 1
        answer = await client.call_tool(tools[0], {})
    print(json.dumps({
        "tools": tools, "text": "\n".join(part.text for part in answer.content), "renewed": kept.tokens.access_token != first,
        "lasts": kept.tokens.expires_in,
    }))


asyncio.run(main())
