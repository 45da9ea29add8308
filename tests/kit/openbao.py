"""A real OpenBao on a port of its own, with the transit engine and a policy that allows what the manual says."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request

from . import ports
from .places import TOOLS

BAO = TOOLS / "openbao" / "bin" / "bao"
UNSEAL_FILE = "unseal"

POLICY = """
path "transit/keys/valetkey" { capabilities = ["read"] }
path "transit/encrypt/valetkey" { capabilities = ["update"] }
path "transit/decrypt/valetkey" { capabilities = ["update"] }
"""


class OpenBao:
    """`bao server` on a folder, so that it comes back as it went; unsealed by whoever started it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "storage").mkdir(parents=True, exist_ok=True)
        self.port, peers = ports.free(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.root = None
        self.config = folder / "config.hcl"
        self.config.write_text(
            f'storage "raft" {{\n  path = "{folder}/storage"\n  node_id = "one"\n}}\n'
            f'listener "tcp" {{\n  address = "127.0.0.1:{self.port}"\n  cluster_address = "127.0.0.1:{peers}"\n'
            f"  tls_disable = true\n}}\n"
            f'api_addr = "{self.url}"\ncluster_addr = "http://127.0.0.1:{peers}"\n'
        )

    def start(self):
        """Starts and unseals it; the first time it is set up."""
        log = open(self.folder / "log", "ab")
        env = {**os.environ, "HOME": str(self.folder)}
        self.process = subprocess.Popen([str(BAO), "server", f"-config={self.config}"], stdout=log, stderr=log, env=env)
        self.wait(lambda: self.ask("GET", "sys/seal-status", expect=200))
        if not (self.folder / UNSEAL_FILE).exists():
            made = self.ask("POST", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
            (self.folder / UNSEAL_FILE).write_text(json.dumps(made))
        made = json.loads((self.folder / UNSEAL_FILE).read_text())
        self.root = made["root_token"]
        self.ask("POST", "sys/unseal", {"key": made["keys"][0]})
        self.wait(lambda: self.ask("GET", "sys/health", expect=200))
        return self

    def set_up(self):
        """The engine, the key, the policy, a token of that policy, and an AppRole with it."""
        self.ask("POST", "sys/mounts/transit", {"type": "transit"})
        self.ask("POST", "transit/keys/valetkey", {})
        self.ask("POST", "sys/policies/acl/valetkey", {"policy": POLICY})
        self.ask("POST", "sys/auth/approle", {"type": "approle"})
        self.ask("POST", "auth/approle/role/valetkey", {"token_policies": ["valetkey"]})
        return self

    def token(self, policies=("valetkey",)):
        return self.ask("POST", "auth/token/create", {"policies": list(policies)})["auth"]["client_token"]

    def approle(self):
        """A role's id and a secret id of it."""
        role = self.ask("GET", "auth/approle/role/valetkey/role-id")["data"]["role_id"]
        return role, self.ask("POST", "auth/approle/role/valetkey/secret-id", {})["data"]["secret_id"]

    def rotate(self):
        self.ask("POST", "transit/keys/valetkey/rotate", {})

    def forget_before(self, version):
        """Ciphertexts of earlier versions are opened no more."""
        self.ask("POST", "transit/keys/valetkey/config", {"min_decryption_version": version})

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=20)

    def ask(self, method, path, body=None, expect=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/v1/{path}", data=data, method=method)
        if self.root:
            request.add_header("x-vault-token", self.root)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        assert status in ((expect,) if expect else (200, 204)), f"{method} {path}: {status} {text[:300]!r}"
        return json.loads(text) if text else None

    @staticmethod
    def wait(works, timeout=30):
        end = time.monotonic() + timeout
        while True:
            try:
                return works()
            except (AssertionError, OSError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
