"""Every page in each way that it can look, as the pages' own samples have it, in headless Chromium: what users see in a
language of each direction, and all of the dashboard."""

import subprocess

import pytest

from kit.dashboard import Member
from kit.person import Person
from kit.places import BINARY, TOOLS

# A browser's pages, most of the time.
pytestmark = pytest.mark.waits

# What a phone in a chat's own browser has, a phone, a screen.
WIDTHS = (320, 390, 1280)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    subprocess.run([BINARY.parent / "examples" / "samples", folder], check=True)
    return folder


@pytest.mark.parametrize("group", ["en", "de", "rtl", "dashboard"])
def test_every_sample_fits_every_width_and_has_no_serious_finding_in_either_theme(samples, browser, group):
    pages = sorted(samples.glob(f"*.{group}.html"))
    assert len(pages) > 50
    pictures = TOOLS / "dashboard"
    pictures.mkdir(exist_ok=True)
    person = Person(browser)
    member = Member(person, None)
    faults, wide = {}, []
    for page in pages:
        name = page.name.removesuffix(".html")
        person.open(page.as_uri())
        for scheme in ("light", "dark"):
            person.page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                person.page.set_viewport_size({"width": width, "height": 800})
                wide += [f"{name} at {width}, {scheme}"] if member.is_wide() else []
                if (group, scheme) in (("en", "light"), ("rtl", "dark")) and width != 320:
                    person.page.screenshot(path=pictures / f"sample-{name}-{width}-{scheme}.png", full_page=True)
            # The language from right to left is made up, and no browser knows its code.
            found = [one for one in member.faults() if (group, one[0]) != ("rtl", "html-lang-valid")]
            faults |= {f"{name}, {scheme}": found} if found else {}
        if group != "dashboard":
            turned = person.page.evaluate("getComputedStyle(document.body).direction")
            assert turned == ("rtl" if group == "rtl" else "ltr"), name
    person.close()
    assert (faults, wide) == ({}, [])
