//! How each client is given a user's MCP server. What a client wants is in the words of its own documentation.

use serde::Serialize;
use serde_json::json;

/// One client's way.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Snippet {
    /// The client.
    pub(crate) client: &'static str,
    /// Where the text goes.
    pub(crate) into: &'static str,
    /// The text.
    pub(crate) text: String,
}

/// All ways to this URL. `name` is what the client calls the server.
pub(super) fn all(name: &str, url: &str) -> Vec<Snippet> {
    let snippet = |client, into, text| Snippet { client, into, text };
    let quoted = json!(url).to_string();
    let servers = |entry: serde_json::Value| {
        serde_json::to_string_pretty(&json!({ "mcpServers": { name: entry } })).unwrap_or_default()
    };
    let shell = format!("'{}'", url.replace('\'', "'\\''"));
    vec![
        snippet("Python", "pip install 'mcp>=2'", python(&quoted)),
        snippet("Node", "npm install @modelcontextprotocol/sdk", node(&quoted)),
        snippet("LangChain", "pip install langchain-mcp-adapters", langchain(name, &quoted)),
        snippet("OpenAI Agents", "pip install openai-agents", openai_agents(name, &quoted)),
        snippet(
            "Claude Desktop",
            "claude_desktop_config.json",
            servers(json!({ "command": "npx", "args": ["-y", "mcp-remote", url] })),
        ),
        snippet("Claude Code", "a shell", format!("claude mcp add --transport http {name} {shell}")),
        snippet("Cursor", ".cursor/mcp.json", servers(json!({ "url": url }))),
        snippet(
            "MCP Inspector",
            "a shell",
            format!("npx @modelcontextprotocol/inspector --cli {shell} --transport http --method tools/list"),
        ),
        snippet("curl", "a shell", curl(&shell)),
    ]
}

fn python(url: &str) -> String {
    format!(
        "import asyncio\nfrom mcp import Client\n\nasync def main():\n    async with Client({url}) as client:\n        \
         for tool in (await client.list_tools()).tools:\n            print(tool.name)\n\nasyncio.run(main())\n"
    )
}

fn node(url: &str) -> String {
    format!(
        "import {{ Client }} from \"@modelcontextprotocol/sdk/client/index.js\";\n\
         import {{ StreamableHTTPClientTransport }} from \"@modelcontextprotocol/sdk/client/streamableHttp.js\";\n\n\
         const client = new Client({{ name: \"my-agent\", version: \"1.0.0\" }});\n\
         await client.connect(new StreamableHTTPClientTransport(new URL({url})));\n\
         for (const tool of (await client.listTools()).tools) console.log(tool.name);\n"
    )
}

fn langchain(name: &str, url: &str) -> String {
    let name = json!(name);
    format!(
        "import asyncio\nfrom langchain_mcp_adapters.client import MultiServerMCPClient\n\n\
         servers = {{{name}: {{\"transport\": \"streamable_http\", \"url\": {url}}}}}\n\
         tools = asyncio.run(MultiServerMCPClient(servers).get_tools())\nprint([tool.name for tool in tools])\n"
    )
}

fn openai_agents(name: &str, url: &str) -> String {
    let name = json!(name);
    format!(
        "import asyncio\nfrom agents import Agent, Runner\nfrom agents.mcp import MCPServerStreamableHttp\n\n\
         async def main():\n    async with MCPServerStreamableHttp(name={name}, params={{\"url\": {url}}}) as server:\n        \
         agent = Agent(name=\"Assistant\", mcp_servers=[server])\n        \
         print((await Runner.run(agent, \"What can you do?\")).final_output)\n\nasyncio.run(main())\n"
    )
}

fn curl(url: &str) -> String {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    format!("curl -s {url} -H 'content-type: application/json' -H 'accept: application/json' -d '{body}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_gets_the_whole_url_and_a_name_stays_a_name() {
        let all = all("my-agent", "http://localhost:8080/mcp/v1/vkm_x");
        assert_eq!(all.len(), 9);
        for one in &all {
            assert!(one.text.contains("http://localhost:8080/mcp/v1/vkm_x"), "{}", one.client);
        }
        let json: serde_json::Value = serde_json::from_str(&all[6].text).unwrap();
        assert_eq!(json["mcpServers"]["my-agent"]["url"], "http://localhost:8080/mcp/v1/vkm_x");
    }
}
