"""Users of ContextForge in its database, with a role that lets them call tools, and access tokens for them, one a line: the
administrator's first. Its API makes the same users, each with a password hash that takes a while. $USERS is how many."""

import asyncio
import os

from mcpgateway.db import EmailUser, Role, SessionLocal, UserRole
from mcpgateway.utils.create_jwt_token import create_jwt_token
from sqlalchemy import insert

ADMIN = os.environ["PLATFORM_ADMIN_EMAIL"]
MAY = ["servers.read", "servers.use", "tools.read", "tools.execute"]
NOBODYS_PASSWORD = "!"


def made(emails):
    with SessionLocal() as session:
        role = Role(name="caller", description="Calls tools", scope="global", permissions=MAY, created_by=ADMIN)
        session.add(role)
        session.flush()
        users = [{"email": email, "password_hash": NOBODYS_PASSWORD, "full_name": email} for email in emails]
        session.execute(insert(EmailUser), users)
        roles = [{"user_email": email, "role_id": role.id, "scope": "global", "granted_by": ADMIN} for email in emails]
        session.execute(insert(UserRole), roles)
        session.commit()


async def tokens(emails):
    for email in [ADMIN, *emails]:
        admin = email == ADMIN
        who = {"email": email, "full_name": email, "is_admin": admin, "auth_provider": "local"}
        print("token", await create_jwt_token({"sub": email}, 360, user_data=who, teams=None if admin else []))


everybody = [f"user-{number}@example.com" for number in range(int(os.environ["USERS"]))]
made(everybody)
asyncio.run(tokens(everybody))
