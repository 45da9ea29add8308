"""Answers of a provider that do not belong where they arrive: each is told on a page, and changes nothing.

The lab gives real codes; what is forged is the address that the browser opens with them, or the browser.
"""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from kit import raw
from kit.account import Account


def with_query(url, **changes):
    """The address with some parameters set, and those taken away that are None."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return parts._replace(query=urlencode({name: value for name, value in query.items() if value is not None})).geturl()


def exchanges(demo):
    return sum(demo.control("GET", "/exchanges")["exchanges"].values())


@pytest.fixture
def waiting(demo, person, request):
    """A consent whose answer the provider has given and nobody has opened yet."""
    account = Account(demo, f"answer-{request.node.name[-30:].strip('[]')}")
    person.reach_consent(account.link())
    account.answer = person.take_answer()
    account.state = parse_qs(urlsplit(account.answer).query)["state"][0]
    account.asked_before = exchanges(demo)
    return account


def nothing_happened(demo, account):
    return account.status() == "PENDING_AUTH" and exchanges(demo) == account.asked_before


def test_the_answer_opened_in_its_own_browser_connects(demo, person, waiting):
    """What the tests below are held against: the same answer, unforged."""
    person.open(waiting.answer)
    assert (person.told(), waiting.status()) == ("Gmail is connected", "ACTIVE")
    assert exchanges(demo) == waiting.asked_before + 1


def test_attack_12_state_missing_or_wrong(demo, person, waiting):
    for state in (None, "", "guess", waiting.state[:-1], waiting.state + "A", waiting.state.swapcase()):
        person.open(with_query(waiting.answer, state=state))
        assert person.told() == "Nobody is waiting for this answer", state
    person.open(f"{waiting.answer}&state={waiting.state}")
    assert person.told() == "Nobody is waiting for this answer", "twice"
    assert nothing_happened(demo, waiting)


def test_attack_12_state_of_another_browser(demo, person, stranger, waiting):
    """The stranger has a consent of their own under way, so a cookie of ours is there."""
    theirs = Account(demo, "answer-stranger")
    stranger.reach_consent(theirs.link())
    stranger.open(waiting.answer)
    assert stranger.told() == "You began in another browser"
    assert waiting.user not in stranger.words(), "a stranger learns nothing"
    assert nothing_happened(demo, waiting) and theirs.status() == "PENDING_AUTH"
    person.open(waiting.answer)
    assert waiting.status() == "ACTIVE", "the right browser could still finish"


def test_attack_12_a_browser_without_our_cookie(demo, person, waiting):
    person.context.clear_cookies()
    person.open(waiting.answer)
    assert person.told() == "You began in another browser"
    assert nothing_happened(demo, waiting)


def test_attack_12_answer_at_another_connection(demo, person, waiting):
    ours, other = waiting.connection_id(), waiting.connection_id("MY_CALENDAR")
    for wrong in (other, "conn_unknown"):
        person.open(waiting.answer.replace(ours, wrong))
        assert person.told() == "This answer belongs elsewhere"
    assert nothing_happened(demo, waiting)


def test_attack_12_state_replayed_in_the_same_browser_shows_the_outcome_again(demo, person, waiting):
    person.open(waiting.answer)
    asked, done = exchanges(demo), person.page.url
    person.open(waiting.answer)
    assert (person.told(), person.page.url) == ("Gmail is connected", done)
    assert exchanges(demo) == asked and waiting.status() == "ACTIVE" and waiting.mailbox()["messages"]


def test_attack_12_state_replayed_by_another_browser(demo, person, stranger, waiting):
    person.open(waiting.answer)
    asked = exchanges(demo)
    stranger.open(waiting.answer)
    assert stranger.told() == "This was already done"
    assert exchanges(demo) == asked and waiting.status() == "ACTIVE"


def test_attack_14_an_answer_of_another_issuer(demo, person, waiting):
    for issuer in ("https://evil.example", "https://accounts.google.com", demo.lab_url.replace("http:", "https:"), ""):
        person.open(with_query(waiting.answer, iss=issuer))
        assert person.told() == "This answer came from somebody else", issuer
    assert nothing_happened(demo, waiting)
    person.open(with_query(waiting.answer, iss=demo.lab_url))
    assert waiting.status() == "ACTIVE", "the issuer that was asked may name itself"


def test_attack_15_nothing_in_an_answer_steers_where_the_browser_goes(demo, person, waiting):
    evil = {name: "https://evil.example/" for name in ("redirect_uri", "redirect", "next", "return_to", "user_verify_url")}
    person.open(with_query(waiting.answer, **evil))
    assert person.page.url.startswith(f"{demo.url}/connect/done/") and "evil" not in person.page.url
    assert waiting.status() == "ACTIVE"


def test_attack_16_a_code_used_a_second_time_with_a_state_of_ones_own(demo, person, stranger, waiting):
    code = parse_qs(urlsplit(waiting.answer).query)["code"][0]
    person.open(waiting.answer)
    theirs = Account(demo, "answer-thief")
    stranger.reach_consent(theirs.link())
    stranger.open(with_query(stranger.take_answer(), code=code))
    assert stranger.told() == "Gmail refused"
    assert "invalid_grant" in stranger.words()
    assert theirs.status() == "PENDING_AUTH"


def test_attack_13_a_stolen_code_is_of_no_use_without_its_verifier(demo, person, stranger, waiting):
    """The victim's code, still unused, in the thief's own consent: PKCE ties it to the browser it was made for."""
    code = parse_qs(urlsplit(waiting.answer).query)["code"][0]
    theirs = Account(demo, "answer-pkce-thief")
    stranger.reach_consent(theirs.link())
    stranger.open(with_query(stranger.take_answer(), code=code))
    assert stranger.told() == "Gmail refused"
    assert theirs.status() == "PENDING_AUTH"


def test_attack_16_two_callbacks_racing_are_one_exchange(demo, person, waiting):
    cookie = {"cookie": person.cookies(demo.url)}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: raw.ask("GET", waiting.answer, cookie), range(8)))
    assert {answer.status for answer in answers} == {303}
    assert {urlsplit(answer.headers["location"]).path.rsplit("/", 1)[0] for answer in answers} == {"/connect/done"}
    assert exchanges(demo) == waiting.asked_before + 1
    assert waiting.status() == "ACTIVE"


def test_attack_18_nobody_is_signed_in_to_the_attackers_account(demo, person, stranger, waiting):
    """The attacker stops before the answer is opened and gets the victim, who has a consent open, to open it."""
    victim = Account(demo, "answer-victim")
    stranger.reach_consent(victim.link())
    stranger.open(waiting.answer)
    assert stranger.told() == "You began in another browser"
    assert victim.status() == "PENDING_AUTH" and nothing_happened(demo, waiting)


def test_attack_72_a_providers_error_cannot_pose_as_ours(demo, person, waiting):
    lure = "Your link: https://evil.example"
    forged = with_query(waiting.answer, code=None, error=lure, error_description=lure)
    person.open(forged)
    assert person.told() == "Gmail refused"
    assert "evil.example" not in person.words() and "unnamed_error" in person.words()
    assert "In the words of Gmail, which are not ours" in person.words()
    assert nothing_happened(demo, waiting)


def test_looking_at_an_answer_spends_no_code(demo, person, waiting):
    assert raw.ask("HEAD", waiting.answer, {"cookie": person.cookies(demo.url)}).status == 200
    assert nothing_happened(demo, waiting)
    person.open(waiting.answer)
    assert waiting.status() == "ACTIVE"


def test_pages_for_stops_are_a_closed_list(demo, person):
    """Nobody can make our origin say that something is connected."""
    for wrong in ("connected", "partly", quote("<b>you won</b>"), "..%2f..%2fdone"):
        assert person.open(f"{demo.url}/connect/stopped/{wrong}").status == 404
        assert person.told() == "There is nothing here"
