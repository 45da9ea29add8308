"""An agent of OpenAI's Agents SDK, of Pydantic AI or of CrewAI, given nothing but a user's URL: FRAMEWORK URL. Prints its last
words.

The model is whatever OPENAI_BASE_URL serves.
"""

import asyncio
import sys

FRAMEWORK, URL = sys.argv[1:3]
REQUEST = "Get my latest email and create a calendar reminder in the next 15 minutes."
MODEL = "gpt-4.1"
# Some frameworks say more than that, and when they like.
WORDS, sys.stdout = sys.stdout, sys.stderr


async def openai_agents():
    from agents import Agent, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
    from agents.mcp import MCPServerStreamableHttp
    from openai import AsyncOpenAI

    set_tracing_disabled(True)
    async with MCPServerStreamableHttp(params={"url": URL, "timeout": 60}, client_session_timeout_seconds=60) as server:
        model = OpenAIChatCompletionsModel(model=MODEL, openai_client=AsyncOpenAI())
        agent = Agent(name="reminders", instructions="Help.", model=model, mcp_servers=[server])
        return (await Runner.run(agent, REQUEST)).final_output


async def pydantic_ai():
    from pydantic_ai import Agent
    from pydantic_ai.mcp import MCPToolset
    from pydantic_ai.models.openai import OpenAIChatModel

    agent = Agent(OpenAIChatModel(MODEL), toolsets=[MCPToolset(URL)])
    return (await agent.run(REQUEST)).output


async def crewai():
    from crewai import LLM, Agent
    from mcpadapt.core import MCPAdapt
    from mcpadapt.crewai_adapter import CrewAIAdapter

    # What CrewAI's own MCPServerAdapter is made of.
    with MCPAdapt({"url": URL, "transport": "streamable-http"}, CrewAIAdapter()) as tools:
        agent = Agent(role="reminders", goal="Help.", backstory="Helps.", llm=LLM(model=MODEL), tools=tools)
        return (await agent.kickoff_async(REQUEST)).raw


print(asyncio.run({"openai_agents": openai_agents, "pydantic_ai": pydantic_ai, "crewai": crewai}[FRAMEWORK]()), file=WORDS)
