"""HAProxy, which nobody here wrote, before the servers of a test."""

import socket
import subprocess
import time
from contextlib import contextmanager

from . import ports

# Each new connection goes to the next server, or to another if that one does not take it.
TCP = """
defaults
    mode tcp
    balance roundrobin
    retries 3
    option redispatch
    timeout connect 5s
    timeout client 310s
    timeout server 310s
"""


class Haproxy:
    """HAProxy with this configuration, running from `start` to `stop`. It is told things over its own socket."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.log, self.socket = folder / "haproxy.log", folder / "admin.sock"
        self.process = None

    def start(self, configuration, listening):
        """Returns when something listens on these ports."""
        (self.folder / "haproxy.cfg").write_text(f"global\n    stats socket {self.socket} level admin\n{configuration}")
        with open(self.log, "ab") as log:
            command = ["haproxy", "-db", "-f", "haproxy.cfg"]
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        for port in listening:
            self._listens(port)
        return self

    def _listens(self, port, timeout=30):
        end = time.monotonic() + timeout
        while True:
            assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                return
            except OSError:
                time.sleep(0.05)

    def tell(self, command):
        """One command of the runtime API; its answer."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(10)
            admin.connect(str(self.socket))
            admin.sendall(f"{command}\n".encode())
            answer = b"".join(iter(lambda: admin.recv(4096), b""))
        return answer.decode().strip()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)


class Balancer:
    """Clear text and TLS to several servers in turn, by TCP connections, whatever is said over them."""

    def __init__(self, folder):
        self.clear, self.secure = ports.free(2)
        self.haproxy = Haproxy(folder)
        self.names = []

    def start(self, **servers):
        """Servers by name. They may be started later."""
        self.names = list(servers)
        lines = [TCP]
        for listener, port, of in (("clear", self.clear, "http"), ("secure", self.secure, "tls")):
            lines += [f"listen {listener}", f"    bind 127.0.0.1:{port}"]
            lines += [f"    server {name} 127.0.0.1:{getattr(server, of)}" for name, server in servers.items()]
        self.haproxy.start("\n".join(lines) + "\n", [self.clear, self.secure])

    @contextmanager
    def only(self, chosen):
        """New connections go to this one alone."""
        self._others(chosen, "maint")
        try:
            yield
        finally:
            self._others(chosen, "ready")

    def _others(self, chosen, state):
        for listener in ("clear", "secure"):
            for name in self.names:
                if name != chosen:
                    answer = self.haproxy.tell(f"set server {listener}/{name} state {state}")
                    assert not answer, answer

    def share(self, name):
        """How many connections that server was given."""
        lines = self.haproxy.tell("show stat").splitlines()
        columns = lines[0].removeprefix("# ").split(",")
        rows = (dict(zip(columns, line.split(","))) for line in lines[1:])
        return sum(int(row["stot"]) for row in rows if row["svname"] == name)

    def stop(self):
        self.haproxy.stop()
