"""A small app of FastAPI's, which describes itself at /openapi.json and says what reached it. Served on TLS.

    fastapi_app.py PORT CERTIFICATE KEY [newer]
"""

import sys
from datetime import date
from typing import Annotated, Literal

import uvicorn
from fastapi import Body, Depends, FastAPI, File, Form, Header, HTTPException, Path, Query, UploadFile
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

PORT, CERTIFICATE, KEY = int(sys.argv[1]), sys.argv[2], sys.argv[3]
NEWER = "newer" in sys.argv
app = FastAPI(title="Desk & Co", version="2.0" if NEWER else "1.0")
bearer = HTTPBearer()


class Person(BaseModel):
    email: str
    phone: str | None = None


class Ticket(BaseModel):
    """What somebody asks for."""

    text: str = Field(description="What is wrong, in a sentence or two.", max_length=200)
    kind: Literal["question", "fault"] = "question"
    due: date | None = None
    asked_by: Person
    watchers: list[Person] = []


Signed = Annotated[HTTPAuthorizationCredentials, Depends(bearer)]


@app.get("/tickets")
def list_tickets(who: Signed, state: Annotated[list[str], Query(description="Only those in these states.")] = [],
                 limit: Annotated[int, Query(ge=1, le=50)] = 10, x_trace: Annotated[str | None, Header()] = None):
    """Lists the tickets that the user may see."""
    return {"key": who.credentials, "state": state, "limit": limit, "trace": x_trace}


@app.post("/tickets", status_code=201)
def add_ticket(ticket: Ticket, who: Signed):
    """Adds a ticket."""
    return {"key": who.credentials, **ticket.model_dump(mode="json")}


@app.get("/tickets/{ticket_id}")
def read_ticket(ticket_id: Annotated[int, Path(ge=1)], who: Signed):
    """Reads one ticket as it is now."""
    if ticket_id == 404:
        raise HTTPException(404, "There is no such ticket")
    return {"id": ticket_id}


@app.post("/tickets/{ticket_id}/notes")
def add_note(ticket_id: int, text: Annotated[str, Form()], who: Signed):
    """Adds a note, sent as a form."""
    return {"id": ticket_id, "text": text}


@app.post("/tickets/{ticket_id}/files")
def add_file(ticket_id: int, file: Annotated[UploadFile, File()], who: Signed):
    """Adds a file."""
    return {"id": ticket_id}


if NEWER:
    @app.post("/tickets/{ticket_id}/state")
    def set_state(ticket_id: int, state: Annotated[str, Body(embed=True)], who: Signed):
        """Puts a ticket into another state."""
        return {"id": ticket_id, "state": state}
else:
    @app.delete("/tickets/{ticket_id}", status_code=204)
    def delete_ticket(ticket_id: int, who: Signed):
        """Removes a ticket for good."""


uvicorn.run(app, host="127.0.0.1", port=PORT, ssl_certfile=CERTIFICATE, ssl_keyfile=KEY, log_level="warning")
