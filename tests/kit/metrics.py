"""What a scrape of a server's metrics is answered with."""

import re
import subprocess


def metrics(server):
    status, text = server.answer("GET", "/metrics")
    assert status == 200, text
    return text


def value(text, name, **labels):
    """The sample of that name whose labels are among these."""
    for line in text.splitlines():
        if re.match(rf"{name}[{{ ]", line) and all(f'{key}="{wanted}"' in line for key, wanted in labels.items()):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


def lint(text):
    """What promtool, which nobody here wrote, has to say about it."""
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
    assert checked.stdout or checked.stderr or checked.returncode == 0
    return checked.stdout + checked.stderr
