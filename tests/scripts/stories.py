"""What a developer builds first, with an unmodified SDK: STORY USER. Reads the SDK's usual variables from the
environment and prints one JSON object with what came of it."""

import json
import os
import sys
from datetime import datetime, timedelta, timezone

import scalekit.client
from google.protobuf.json_format import MessageToDict
from openai import OpenAI

STORY, USER = sys.argv[1:]


def sign_in():
    return scalekit.client.ScalekitClient(
        client_id=os.environ["SCALEKIT_CLIENT_ID"],
        client_secret=os.environ["SCALEKIT_CLIENT_SECRET"],
        env_url=os.environ["SCALEKIT_ENV_URL"],
    )


def account(actions, connection):
    """The user's account, or the link with which they connect it."""
    found = actions.get_or_create_connected_account(connection_name=connection, identifier=USER).connected_account
    if found.status == "ACTIVE":
        return found, None
    return found, actions.get_authorization_link(connection_name=connection, identifier=USER).link


def imported(actions, connection, token):
    """The user's account with a token that the app brought along."""
    details = {"oauth_token": {"access_token": token, "refresh_token": "", "scopes": []}}
    made = actions.get_or_create_connected_account(
        connection_name=connection, identifier=USER, authorization_details=details
    )
    return made.connected_account


def quickstart(sdk):
    """One connection, one account, one call by the account's id. The second time the app brings the user's token along."""
    found, link = account(sdk.actions, "github-connect")
    if link and "GITHUB_TOKEN" not in os.environ:
        return {"link": link}
    found = imported(sdk.actions, "github-connect", os.environ["GITHUB_TOKEN"])
    done = sdk.actions.execute_tool(tool_name="github_user_repos_list", connected_account_id=found.id, tool_input={})
    return {"status": found.status, "repos": [repo["full_name"] for repo in done.data["repos"]]}


def scheduler(sdk):
    """From a mail to an event in a free half hour and a draft that answers the mail."""
    run = sdk.actions.execute_tool
    calendar, mail = {"identifier": USER, "connection_name": "MY_CALENDAR"}, {"identifier": USER, "connection_name": "MY_GMAIL"}
    query = {"query": "subject:invoice", "max_results": 1}
    (invitation,) = run(tool_name="gmail_fetch_mails", tool_input=query, **mail).data["messages"]
    start = (datetime.now(timezone.utc) + timedelta(days=40)).replace(microsecond=0, second=0, minute=0)
    window = {"time_min": start.isoformat(), "time_max": (start + timedelta(hours=1)).isoformat()}
    busy = run(tool_name="googlecalendar_list_events", tool_input=window, **calendar).data["events"]
    event = {"summary": f"About: {invitation['subject']}", "start_datetime": start.isoformat(), "event_duration_minutes": 30}
    made = run(tool_name="googlecalendar_create_event", tool_input=event, **calendar).data
    after = run(tool_name="googlecalendar_list_events", tool_input=window, **calendar).data["events"]
    answer = {"to": invitation["from"], "subject": f"Re: {invitation['subject']}", "body": f"I have set aside {start:%H:%M} UTC."}
    draft = run(tool_name="gmail_create_draft", tool_input=answer, **mail).data
    return {"busy": len(busy), "event": made["summary"], "after": [one["summary"] for one in after], "draft": draft["id"]}


def briefing(sdk):
    """A model is given the tools that the user has, and each call that it wants is made."""
    scoped = sdk.tools.list_scoped_tools(identifier=USER, page_size=100)[0].tools
    tools, accounts = [], {}
    for one in scoped:
        definition = MessageToDict(one.tool.definition)
        function = {"name": definition["name"], "description": definition["description"], "parameters": definition["input_schema"]}
        tools.append({"type": "function", "function": function})
        accounts[definition["name"]] = one.connected_account_id
    model = OpenAI()
    messages = [{"role": "user", "content": "What is new, and remind me of it."}]
    called = []
    while True:
        said = model.chat.completions.create(model="gpt-4.1", messages=messages, tools=tools).choices[0].message
        if not said.tool_calls:
            return {"tools": len(tools), "called": called, "said": said.content}
        messages.append(said.model_dump(exclude_none=True))
        for call in said.tool_calls:
            name = call.function.name
            called.append(name)
            done = sdk.actions.execute_tool(
                tool_name=name, connected_account_id=accounts[name], tool_input=json.loads(call.function.arguments)
            )
            messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(done.data)})


def triage(sdk):
    """Complaints in a channel become issues, and each is answered in its thread with the issue's address."""
    actions, channel = sdk.actions, "C0SUPPORT"
    imported(actions, "github-connect", os.environ["GITHUB_TOKEN"])
    imported(actions, "slack-connect", os.environ["SLACK_TOKEN"])

    def run(tool, **arguments):
        return actions.execute_tool(tool_name=tool, identifier=USER, tool_input=arguments).data

    opened = []
    for message in run("slack_fetch_conversation_history", channel=channel, limit=20)["messages"]:
        if "fails" not in message["text"]:
            continue
        title = message["text"][:60]
        issue = run("github_issue_create", owner="acme", repo="app", title=title, body=message["text"], labels=["bug"])
        run("slack_send_message", channel=channel, thread_ts=message["ts"], text=f"Filed as {issue['url']}")
        opened.append(issue["url"])
    return {"opened": opened}


print(json.dumps({"quickstart": quickstart, "scheduler": scheduler, "briefing": briefing, "triage": triage}[STORY](sign_in())))
