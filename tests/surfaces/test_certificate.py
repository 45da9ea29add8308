"""The certificate of the TLS listener changes while the server serves."""

import shutil
import signal
import socket
import ssl
import time


def connected(server, name="localhost"):
    """A TLS connection that trusts anybody: what is asked here is whose certificate it is."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", server.tls), timeout=10), server_hostname=name)


def shown(server):
    with connected(server) as connection:
        return connection.getpeercert(binary_form=True)


def ask(connection):
    connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
    return connection.recv(4096)


def until(what, deadline=20):
    end = time.monotonic() + deadline
    while not what():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def test_the_operators_own_certificate_is_read_again_on_sighup_and_open_connections_stay(fresh, tmp_path):
    one, two = (fresh(command="serve").start() for _ in range(2))
    pair = tmp_path / "own.pem", tmp_path / "own.key"

    def use(source):
        for name, target in zip(("localhost.pem", "localhost.key"), pair):
            shutil.copy(source.data / "tls" / name, target)

    use(one)
    server = fresh(command="serve")
    server.data.mkdir()
    (server.data / "valetkey.toml").write_text(f'certificate = "{pair[0]}"\ncertificate_key = "{pair[1]}"\n')
    server.start()
    assert shown(server) == shown(one)
    with connected(server) as connection:
        assert b"200 OK" in ask(connection)
        use(two)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: shown(server) == shown(two))
        assert b"200 OK" in ask(connection)
    pair[1].write_text("half a ke")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: "the certificate from before goes on" in server.words())
    assert "own.key holds no private key" in server.words()
    assert shown(server) == shown(two)


def test_sighup_leaves_a_local_certificate_that_is_good_alone(fresh):
    server = fresh(command="serve").start()
    before = shown(server)
    bundle = server.data / "tls" / "ca-bundle.pem"
    bundle.unlink()
    server.process.send_signal(signal.SIGHUP)
    until(bundle.exists)
    assert shown(server) == before
