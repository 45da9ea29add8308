"""What the conformance suite calls, as a remote MCP server by FastMCP: `conformance_upstream.py PORT`. Behind a connector that
is called `test` its tools have the names of the suite's own."""

import sys

from fastmcp import Context, FastMCP
from fastmcp.tools.base import ToolResult
from mcp.types import AudioContent, EmbeddedResource, ImageContent, TextContent, TextResourceContents

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


mcp.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), path="/mcp", show_banner=False)
