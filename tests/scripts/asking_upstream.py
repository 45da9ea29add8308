"""A remote MCP server that asks its user, by the protocol's own Python SDK: `asking_upstream.py PORT`. What it is told it says."""

import sys
from typing import Annotated

from mcp.server.mcpserver import Context, Elicit, MCPServer, Resolve
from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitRequestURLParams, InputRequiredResult
from pydantic import BaseModel, Field

mcp = MCPServer("asking")
TEXT = {"type": "string"}


class Seats(BaseModel):
    seats: int = Field(ge=1, le=9, title="How many seats?")


class Name(BaseModel):
    name: str


async def name(town: str) -> Elicit[Name]:
    return Elicit(f"Who goes to {town}?", Name)


async def seats(person: Annotated[Name, Resolve(name)]) -> Elicit[Seats]:
    return Elicit(f"How many seats for {person.name}?", Seats)


@mcp.tool()
def book(town: str, person: Annotated[Name, Resolve(name)], wanted: Annotated[Seats, Resolve(seats)]) -> str:
    """Books seats, and asks for whom and how many."""
    return f"{wanted.seats} seats to {town} for {person.name}"


async def sure() -> Elicit[Name]:
    return Elicit("May I?", Name)


@mcp.tool()
def perhaps(answer: Annotated[ElicitationResult[Name], Resolve(sure)]) -> str:
    """Asks, and says how that was answered."""
    return answer.data.name if isinstance(answer, AcceptedElicitation) else answer.action


def form(message, **fields):
    schema = {"type": "object", "properties": fields, "required": list(fields)}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def answers(context):
    return {name: answer.model_dump(exclude_none=True) for name, answer in (context.input_responses or {}).items()}


@mcp.tool()
def asks_for(context: Context, message: str, field: str) -> str | InputRequiredResult:
    """Asks for one text, and says what came back."""
    told = answers(context)
    return str(told["q"]) if told else InputRequiredResult(input_requests={"q": form(message, **{field: TEXT})}, request_state="s")


@mcp.tool()
def sends_to(context: Context, url: str) -> str | InputRequiredResult:
    """Wants the user to open a page, and says what came back."""
    request = ElicitRequest(params=ElicitRequestURLParams(message="Pay there", url=url))
    told = answers(context)
    return str(told["p"]) if told else InputRequiredResult(input_requests={"p": request})


@mcp.tool()
def for_ever(context: Context) -> str | InputRequiredResult:
    """Never has enough."""
    return InputRequiredResult(input_requests={"q": form("Again?", more=TEXT)}, request_state="s")


mcp.run(transport="streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
