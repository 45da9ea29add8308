"""Somebody who walks through pages by their forms and a cookie jar: quicker than a browser where no script is shown."""

import http.client
import json
import re
import ssl
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit


class Walker:
    """A fresh visitor. `where` is the page's URL, `text` its HTML, `passed` every URL on the way there.

    A redirect to an address with `halt` in it is not followed, as if somebody had caught it on the way. `trusted` is the
    file of a certificate that is trusted on TLS.
    """

    def __init__(self, trusted=None):
        self.trusted = trusted
        self.jars = {}
        self.where, self.text, self.status, self.passed = None, "", None, []
        self.halt = None

    def open(self, url):
        return self._go("GET", url, None)

    def submit(self, button=None, **fields):
        """Sends the form that has the button of this id (or the page's first form), with these fields beside its own."""
        form = next(form for form in read_forms(self.text) if button is None or button in form.buttons)
        values = [*form.fields, *form.buttons.get(button, []), *fields.items()]
        return self._go("POST", urljoin(self.where, form.action), urlencode(values))

    def connect(self, link, account=1, without=()):
        """From a link of ours through the lab's sign-in and consent to the outcome; from an instance's page by the first
        connection that is missing there."""
        self.open(link)
        missing = re.search('id="(sign-in-[0-9]+)"', self.text)
        if missing:
            self.submit(missing.group(1))
        self.submit("continue")
        self.submit(f"account-{account}")
        form = next(form for form in read_forms(self.text) if "allow" in form.buttons)
        kept = [(name, value) for name, value in form.fields if value not in without]
        return self._go("POST", urljoin(self.where, form.action), urlencode([*kept, ("decision", "allow")]))

    def tell(self, method, url, body=None):
        """What a page's script would send: JSON, with the cookies. The page stays; gives status, headers and text."""
        return self._send(method, url, None if body is None else json.dumps(body), "application/json")

    def _go(self, method, url, body):
        self.passed = []
        for _ in range(12):
            self.passed.append(url)
            self.status, headers, self.text = self._send(method, url, body)
            location = goes_on_to(self.status, headers)
            if not location:
                self.where = url
                return self
            method, url, body = "GET", urljoin(url, location), None
            if self.halt and self.halt in url:
                self.where = url
                return self
        raise AssertionError(f"too many redirects: {self.passed}")

    def _send(self, method, url, body, kind="application/x-www-form-urlencoded"):
        parts = urlsplit(url)
        jar = self.jars.setdefault(parts.hostname, {})
        headers = {"Accept": "text/html", "Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}
        if body is not None:
            headers["Content-Type"] = kind
            headers["Origin"] = f"{parts.scheme}://{parts.netloc}"
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=self.trusted)
            connection = http.client.HTTPSConnection(parts.netloc, timeout=30, context=context)
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        for cookie in answer.headers.get_all("set-cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            jar[name.strip()] = value.strip()
        return answer.status, answer.headers, text


def goes_on_to(status, headers):
    """Where an answer sends the browser on, by a redirect or by the page itself; None if it stays."""
    if status in (301, 302, 303, 307, 308):
        return headers.get("location")
    return (headers.get("refresh") or "").partition("0; url=")[2] or None


class Form:
    """A form: where it goes, what it was filled with, and what each of its buttons adds, by the button's id."""

    def __init__(self, action):
        self.action, self.fields, self.buttons = action, [], {}


def read_forms(html):
    reader = Reader()
    reader.feed(html)
    return reader.forms


class Reader(HTMLParser):
    """Collects forms as a browser would send them."""

    def __init__(self):
        super().__init__()
        self.forms, self.inside = [], False

    def handle_starttag(self, tag, attributes):
        about = dict(attributes)
        if tag == "form":
            self.forms.append(Form(about.get("action") or ""))
            self.inside = True
        elif self.inside and tag == "button":
            pressed = [(about["name"], about.get("value", ""))] if about.get("name") else []
            self.forms[-1].buttons[about.get("id")] = pressed
        elif self.inside and tag == "input" and about.get("name"):
            if about.get("type") == "hidden" or "checked" in about:
                self.forms[-1].fields.append((about["name"], about.get("value", "")))

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
