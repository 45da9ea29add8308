"""What the conformance suite calls, as a remote MCP server by FastMCP: `conformance_upstream.py PORT`. Behind a connector that
is called `test` its tools have the names of the suite's own."""

import sys

from fastmcp import Context, FastMCP
from fastmcp.tools.base import ToolResult
from mcp.shared.exceptions import MCPError
from mcp.types import AudioContent, EmbeddedResource, ImageContent, TextContent, TextResourceContents
from mcp_types import MISSING_REQUIRED_CLIENT_CAPABILITY, ElicitRequest, ElicitRequestFormParams, InputRequiredResult

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SOUND = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA=="

mcp = FastMCP("conformance")


def picture():
    return ImageContent(type="image", data=PICTURE, mimeType="image/png")


def resource(uri, text):
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mimeType="text/plain", text=text))


@mcp.tool
def simple_text() -> ToolResult:
    """A text."""
    return ToolResult(content=[TextContent(type="text", text="This is a simple text response for testing.")])


@mcp.tool
def image_content() -> ToolResult:
    """A picture."""
    return ToolResult(content=[picture()])


@mcp.tool
def audio_content() -> ToolResult:
    """A sound."""
    return ToolResult(content=[AudioContent(type="audio", data=SOUND, mimeType="audio/wav")])


@mcp.tool
def embedded_resource() -> ToolResult:
    """A resource."""
    return ToolResult(content=[resource("test://embedded-resource", "This is an embedded resource content.")])


@mcp.tool
def multiple_content_types() -> ToolResult:
    """A text, a picture and a resource."""
    text = TextContent(type="text", text="Multiple content types test:")
    return ToolResult(content=[text, picture(), resource("test://mixed-content-resource", '{"test": "data", "value": 123}')])


@mcp.tool
def error_handling() -> str:
    """Fails."""
    raise ValueError("This tool intentionally returns an error for testing")


@mcp.tool
async def tool_with_progress(context: Context) -> str:
    """Tells how far it is."""
    for done in (0, 50, 100):
        await context.report_progress(done, 100, f"Completed step {done} of 100")
    return "done"


def asks(name, message, field, kind, state=None):
    """A result that asks the user for one field first."""
    schema = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    request = ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))
    return InputRequiredResult(input_requests={name: request}, request_state=state)


def answered(context, name):
    return name in (context.input_responses or {})


@mcp.tool
def input_required_result_elicitation(context: Context):
    """Asks who the user is."""
    return "Hello!" if answered(context, "user_name") else asks("user_name", "What is your name?", "name", "string")


@mcp.tool
def input_required_result_request_state(context: Context):
    """Asks, and wants its state back."""
    if answered(context, "confirm") and context.request_state == "kept":
        return "state-ok"
    return asks("confirm", "Please confirm", "ok", "boolean", "kept")


@mcp.tool
def input_required_result_tampered_state(context: Context):
    """The same; that nobody changes its state is seen to before it."""
    return input_required_result_request_state(context)


@mcp.tool
def input_required_result_multi_round(context: Context):
    """Asks twice, one after the other."""
    if answered(context, "step1") and context.request_state == "one":
        return asks("step2", "Step 2: What is your favorite color?", "color", "string", "two")
    if answered(context, "step2") and context.request_state == "two":
        return "done"
    return asks("step1", "Step 1: What is your name?", "name", "string", "one")


@mcp.tool
async def streaming_elicitation(context: Context):
    """Tells how far it is, and asks."""
    await context.report_progress(1, 2, "halfway")
    return "done" if answered(context, "go") else asks("go", "Go on?", "ok", "boolean")


@mcp.tool
async def logging_tool(context: Context) -> str:
    """Logs."""
    await context.info("logged")
    return "logged"


@mcp.tool
def missing_capability() -> str:
    """Needs a client whose model can be asked."""
    raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "needs a model", {"requiredCapabilities": {"sampling": {}}})


mcp.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), path="/mcp", show_banner=False)
