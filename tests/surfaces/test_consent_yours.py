"""What a user sees of what they gave and takes back, in headless Chromium, against the lab's provider."""

from kit.connected import fetch
from kit.dashboard import Member
from kit.mcp import Wire
from kit.person import Person
from kit.places import TOOLS
from kit.walker import Walker


def given(demo, person, user, account=1):
    """Somebody who signs in to Gmail in this browser, and their server."""
    instance = demo.instance(user)
    links = demo.links(instance)
    person.connect(links["MY_GMAIL"]["authentication_link"], account)
    return instance


def faults(person, demo):
    return Member(person, demo).faults()


def test_a_user_sees_every_connection_and_takes_back_what_they_gave(fresh, person):
    """On a server of its own, as somebody who has signed in there for nobody else: a shared grant is not revoked."""
    demo = fresh().start()
    instance = given(demo, person, "gives-and-takes", account=2)
    wire = Wire(instance["url"])
    assert fetch(wire) is None
    person.page.get_by_role("link", name="See and take back what you gave").click()
    lines = {line.locator("h2").inner_text(): line.inner_text() for line in person.page.locator("ul.yours > li").all()}
    assert "Connected" in lines["Gmail"] and "Not connected" in lines["Google Calendar"]
    folder = TOOLS / "dashboard"
    folder.mkdir(exist_ok=True)
    for width, scheme in ((1280, "light"), (390, "dark"), (320, "light")):
        person.page.emulate_media(color_scheme=scheme)
        person.page.set_viewport_size({"width": width, "height": 800})
        person.page.reload()
        person.page.get_by_text("Disconnect Gmail…").click()
        person.page.screenshot(path=folder / f"yours-{width}-{scheme}.png", full_page=True)
        assert not faults(person, demo) and not Member(person, demo).is_wide()
    assert fetch(wire) is None, "opening the question took nothing back"
    person.page.get_by_role("button", name="Disconnect Gmail").click()
    assert "is disconnected, and the access is revoked there" in person.page.inner_text("[role=status]")
    assert "disconnected" in wire.refused("gmail_fetch_mails", max_results=1)
    (account,) = [one for one in demo.cli_json("account", "list", "--identifier", "gives-and-takes")
                  if one["connection"] == "MY_GMAIL"]
    assert account["status"] == "DISCONNECTED"
    actions = {one["action"]: one["actor"] for one in demo.cli_json("logs", "list", "--subject", account["id"])}
    assert actions["account.disconnected"].startswith("link:auth_") and "account.revoked" in actions


def test_the_page_is_another_browsers_in_no_language(demo, browser, person, stranger):
    given(demo, person, "spanish-user")
    address = person.page.url.replace("/connect/done/", "/connect/yours/")
    stranger.open(address)
    assert stranger.page.locator("ul.yours").count() == 0 and "spanish-user" not in stranger.words()
    spanish = Person.__new__(Person)
    spanish.context = browser.new_context(locale="es-MX", java_script_enabled=False)
    spanish.page = spanish.context.new_page()
    given(demo, spanish, "spanish-user-2")
    assert spanish.title() == "Gmail está conectado"
    spanish.page.get_by_role("link", name="Ver y retirar lo que ha dado").click()
    spanish.page.get_by_text("Desconectar Gmail…").click()
    spanish.page.get_by_role("button", name="Desconectar Gmail").click()
    assert "Gmail está desconectado" in spanish.page.inner_text("[role=status]")
    spanish.close()


def test_a_sign_in_from_an_instances_page_leads_back_to_it_with_the_state_of_the_others(demo, person):
    told = Wire(demo.instance("comes-back")["url"]).legacy("tools/call", {"name": "gmail_fetch_mails", "arguments": {}}).said[1]
    link = next(word for word in told.split() if "/connect/i/" in word)

    def signed_in(connection):
        person.page.click(f"button[value={connection}]")
        person.press_continue()
        person.sign_in()
        person.consent()
        assert not faults(person, demo)
        return person.page.locator("ul.states > li").all_inner_texts()

    person.open(link)
    (other,) = signed_in("MY_GMAIL")
    assert person.title() == "Gmail is connected" and "MY_CALENDAR" in other and "Not connected" in other, other
    person.page.get_by_role("link", name="Sign in to what is still missing").click()
    assert person.page.url == link
    (other,) = signed_in("MY_CALENDAR")
    assert "MY_GMAIL" in other and "Connected" in other, other
    person.page.get_by_role("link", name="Back to all your connections").click()
    assert person.page.url == link and "Everything is connected" in person.words()
    given(demo, person, "comes-from-a-link")
    assert person.page.locator("ul.states").count() == 0 and "comes-back" not in person.words(), "another user's consent"
    assert person.page.locator("a[href*='/connect/i/']").count() == 0


def test_what_was_given_elsewhere_is_seen_and_not_taken(demo, person):
    """The same user signed in to the calendar in another browser, here a walker that is none."""
    instance = demo.instance("given-twice")
    Walker().connect(demo.links(instance)["MY_CALENDAR"]["authentication_link"])
    given(demo, person, "given-twice")
    person.page.get_by_role("link", name="See and take back what you gave").click()
    assert person.page.locator("details").count() == 1
    calendar = person.page.locator("ul.yours > li", has_text="Google Calendar").inner_text()
    assert "in the browser in which you signed in" in calendar
