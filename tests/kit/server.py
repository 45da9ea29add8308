"""A server of one's own: the built binary on free ports with a data folder of its own."""

import json
import os
import shlex
import signal
import subprocess
import time
import urllib.error
import urllib.request

from . import ports
from .places import BINARY


class Server:
    """`valetkey demo` (or `serve`), running until `stop`."""

    def __init__(self, data, command="demo", flags=(), env=None):
        self.data = data
        self.http, self.tls = ports.free(2)
        self.lab = ports.free_pair()
        self.url = f"http://localhost:{self.http}"
        self.sdk_url = f"https://localhost:{self.tls}"
        self.lab_url = f"http://127.0.0.1:{self.lab}"
        self.control_url = f"http://127.0.0.1:{self.lab + 1}"
        self.arguments = [
            str(BINARY), "--data", str(data), command,
            "--http", f"127.0.0.1:{self.http}", "--tls", f"127.0.0.1:{self.tls}",
            "--lab-address", f"127.0.0.1:{self.lab}", *flags,
        ]
        # Also for commands that look at its settings when it does not run: what else listens here is not theirs.
        own = {"VALETKEY_HTTP": f"127.0.0.1:{self.http}", "VALETKEY_TLS": f"127.0.0.1:{self.tls}"}
        self.env = {**clean_environment(), **own, **(env or {})}
        self.process = None
        self.log = data.parent / f"{data.name}.log"

    def start(self, timeout=60, failpoint=None):
        """Starts it and waits until it answers; raises with its own words if it ends before. It kills itself at the
        failpoint, if one is named."""
        self._spawn(failpoint)
        end = time.monotonic() + timeout
        done = "Valetkey is running" if "demo" in self.arguments else None
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended ({self.process.returncode}): {self.words()[-3000:]}")
            if self.answers() and (done is None or done in self.words()):
                return self
            time.sleep(0.05)
        raise RuntimeError(f"the server did not answer in {timeout} s: {self.words()[-3000:]}")

    def start_until(self, sign, timeout=30):
        """Starts it and returns as soon as this file is in its data folder, whatever it is doing then."""
        self._spawn()
        end = time.monotonic() + timeout
        while not (self.data / sign).exists():
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"{sign} did not appear: {self.words()[-3000:]}")
            time.sleep(0.001)

    def start_and_die(self, failpoint):
        """Starts it with work waiting that leads to the failpoint."""
        self._spawn(failpoint)
        self.has_died()

    def has_died(self, timeout=60):
        """Waits until it was killed, by itself at a failpoint or from outside."""
        assert self.process.wait(timeout=timeout) == -signal.SIGKILL, self.words()[-3000:]

    def _spawn(self, failpoint=None):
        env = {**self.env, **({"VALETKEY_FAILPOINT": failpoint} if failpoint else {})}
        with open(self.log, "ab") as log:
            # Signals that Python ignores stay so: a write beyond RLIMIT_FSIZE is then an error, as on a full disk.
            self.process = subprocess.Popen(self.arguments, stdout=log, stderr=log, env=env, restore_signals=False)

    def ready(self, timeout=60):
        """Waits until it says that it can serve: a new server on a shared database is let in by another one."""
        end = time.monotonic() + timeout
        while self.answer("GET", "/readyz")[0] != 200:
            assert time.monotonic() < end, f"not ready in {timeout} s: {self.answer('GET', '/readyz')[1]}"
            time.sleep(0.05)
        return self

    def answers(self):
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def words(self):
        """Everything it printed."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def refusal(self, code=1, timeout=30):
        """Starts it where it must end by itself with this code; gives its last words."""
        done = subprocess.run(self.arguments, capture_output=True, text=True, env=self.env, timeout=timeout)
        assert done.returncode == code, f"ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stderr

    def use(self, data):
        """Another data folder than the one it was made with."""
        self.arguments[self.arguments.index(str(self.data))] = str(data)
        self.data = data

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=10)

    def cli(self, *arguments, check=True, stdin=None):
        """Runs the command line on the same data folder."""
        done = subprocess.run(
            [str(BINARY), "--data", str(self.data), *arguments],
            capture_output=True, text=True, env=self.env, input=stdin, timeout=60,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{arguments}: {done.stderr}")
        return done

    def cli_json(self, noun, *arguments, stdin=None):
        return json.loads(self.cli(noun, "--json", *arguments, stdin=stdin).stdout)

    def sdk_env(self):
        """The environment of a shell in which `eval "$(valetkey env)"` was run."""
        lines = self.cli("env").stdout.splitlines()
        pairs = (shlex.split(line)[1].split("=", 1) for line in lines)
        return {**clean_environment(), **dict(pairs)}

    # What the tests ask of the control plane and the lab, over REST.

    def token(self):
        env = self.sdk_env()
        form = f"grant_type=client_credentials&client_id={env['SCALEKIT_CLIENT_ID']}&client_secret={env['SCALEKIT_CLIENT_SECRET']}"
        request = urllib.request.Request(f"{self.url}/oauth/token", data=form.encode(), method="POST")
        request.add_header("content-type", "application/x-www-form-urlencoded")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["access_token"]

    def api(self, method, path, body=None, token=None, expect=200):
        """One REST call; the answer's JSON. `expect` is the status that must come."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=data, method=method)
        request.add_header("authorization", f"Bearer {token or self.token()}")
        if data is not None:
            request.add_header("content-type", "application/json")
        return send(request, expect)

    def answer(self, method, path, body=None, token=None, headers=()):
        """One call of anything over clear-text HTTP, whatever comes of it: status and text."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=data, method=method, headers=dict(headers))
        if token is not None:
            request.add_header("authorization", f"Bearer {token}")
        if data is not None and not request.has_header("Content-type"):
            request.add_header("content-type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def token_of(self, client_id, client_secret):
        """An access token of some client."""
        form = f"grant_type=client_credentials&client_id={client_id}&client_secret={client_secret}"
        kind = {"content-type": "application/x-www-form-urlencoded"}
        status, text = self.answer("POST", "/oauth/token", form.encode(), headers=kind)
        assert status == 200, text
        return json.loads(text)["access_token"]

    def control(self, method, path, body=None, expect=200):
        """One call of the lab's controls; any status will do if `expect` is None."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.control_url}{path}", data=data, method=method)
        request.add_header("content-type", "application/json")
        return send(request, expect)

    def instance(self, user, config="test", mappings=None):
        """A user's instance on a config that is made if it is missing."""
        token = self.token()
        wanted = mappings or [
            {"connection_name": "MY_GMAIL", "tools": []},
            {"connection_name": "MY_CALENDAR", "tools": []},
        ]
        listed = self.api("GET", f"/api/v1/mcp/configs?filter.name={config}", token=token)
        if not listed.get("configs"):
            self.api("POST", "/api/v1/mcp/configs", {"name": config, "connection_tool_mappings": wanted}, token)
        body = {"config_name": config, "user_identifier": user}
        return self.api("POST", "/api/v1/mcp/instances", body, token)["instance"]

    def links(self, instance):
        """The instance's connections with fresh links, by name."""
        path = f"/api/v1/mcp/instances/{instance['id']}:get_auth_state?include_auth_links=true"
        state = self.api("POST", path)
        return {entry["connection_name"]: entry for entry in state["connections"]}


def send(request, expect):
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    assert expect is None or status == expect, f"{request.method} {request.full_url}: {status} {text[:500]!r}"
    return json.loads(text) if text else None


def clean_environment():
    """This process's environment without what would steer the server or an SDK."""
    steering = ("VALETKEY_", "SCALEKIT_", "OPENAI_")
    trust = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "NODE_EXTRA_CA_CERTS"}
    keep = {name: value for name, value in os.environ.items() if not name.startswith(steering) and name not in trust}
    return keep
