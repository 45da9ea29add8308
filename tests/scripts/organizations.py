"""Organisations by the official Python SDK: made, found, changed, given an account, removed; prints what was seen.

Asks for the user's connection by name: MY_GMAIL.
"""

import json
import os

import scalekit.client
from scalekit.common.exceptions import ScalekitServerException
from scalekit.v1.organizations.organizations_pb2 import CreateOrganization, UpdateOrganization


def raised(call):
    try:
        call()
    except ScalekitServerException as error:
        return {"class": type(error).__name__, "code": error.error_code, "text": str(error)}
    return None


def main():
    sdk = scalekit.client.ScalekitClient(
        client_id=os.environ["SCALEKIT_CLIENT_ID"],
        client_secret=os.environ["SCALEKIT_CLIENT_SECRET"],
        env_url=os.environ["SCALEKIT_ENV_URL"],
    )
    service = sdk.organization

    def new(name, external_id):
        wanted = CreateOrganization(display_name=name, external_id=external_id, metadata={"plan": "gold"})
        return service.create_organization(wanted)[0].organization

    made = new("Acme Python", "py-1")
    seen = {"made": [made.display_name, made.external_id, dict(made.metadata), made.id]}
    seen["twice"] = raised(lambda: new("Acme again", "py-1"))
    seen["nameless"] = raised(lambda: new("", "py-2"))
    seen["got"] = service.get_organization(made.id)[0].organization == made
    seen["by_external_id"] = service.get_organization_by_external_id("py-1")[0].organization == made
    changed = service.update_organization_by_external_id("py-1", UpdateOrganization(display_name="Acme Ltd"))[0]
    seen["changed"] = [changed.organization.display_name, dict(changed.organization.metadata)]
    others = [new(f"Other {number}", f"py-other-{number}").id for number in range(3)]
    pages, token, found = 0, None, []
    while token != "":
        page = service.list_organizations(page_size=2, page_token=token)[0]
        found += [one.id for one in page.organizations]
        pages, token = pages + 1, page.next_page_token
    seen["listed"] = {"pages": pages, "all": {made.id, *others} <= set(found), "twice": len(found) - len(set(found))}
    seen["garbage"] = raised(lambda: service.list_organizations(page_token="garbage"))

    of_it = {"connection_name": "MY_GMAIL", "identifier": "of-acme", "organization_id": made.id}
    account = sdk.actions.get_or_create_connected_account(**of_it).connected_account
    listed = sdk.connected_accounts.list_connected_accounts(organization_id=made.id)[0].connected_accounts
    seen["account"] = [account.id == one.id for one in listed]
    seen["in_use"] = raised(lambda: service.delete_organization(made.id))
    sdk.actions.delete_connected_account(connected_account_id=account.id)
    for organization in [made.id, *others]:
        service.delete_organization(organization)
    seen["gone"] = raised(lambda: service.get_organization(made.id))
    seen["portal"] = raised(lambda: service.generate_portal_link(made.id))
    print(json.dumps(seen))


main()
