"""Clients that speak TLS with the gateway: certificates, sessions, reload, and what slow ones may."""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import unittest
import warnings

from harness import PATIENCE_S, WARMGATE, App, Gateway, ProcessTest, ask, eventually
from tls import Authority


class TlsGateway(Gateway):
    """Listens with TLS only."""

    def __init__(self, *flags, authority, config=None):
        self.context = ssl.create_default_context(cafile=authority.ca_file)
        super().__init__(*flags, config=config, listen="https://127.0.0.1:0")
        self.address = self.address.removeprefix("https://")

    def request(self, method, path, body=None, headers={}, chunked=False):
        return ask(self.address, method, path, body, headers, chunked, tls=self.context)


class TlsDownstream(ProcessTest):
    def setUp(self):
        self.authority = self.start(Authority())
        self.app = self.start(App())

    def gateway(self, *identities, client_ca="", more=""):
        certificates = "".join(f"\n    - {{certificate: {certificate}, key: {key}}}"
                               for certificate, key in identities)
        client_ca = f"\n  client_ca_file: {client_ca}" if client_ca else ""
        return self.start(TlsGateway(authority=self.authority, config=f"""
tls:
  certificates:{certificates}{client_ca}
{more}
services:
  - {{name: app, slo: 10s, always_on: {{backends: '{self.app.url}', concurrency: 32}}}}
"""))

    def connect(self, gateway, context=None, name="localhost", session=None):
        """A TLS connection, with its handshake done."""
        raw = socket.create_connection(("127.0.0.1", gateway.port), PATIENCE_S)
        context = context or gateway.context
        try:
            return context.wrap_socket(raw, server_hostname=name, session=session)
        except (ssl.SSLError, OSError):
            raw.close()
            raise

    def exchange(self, connection):
        """One request and its answer on a connection."""
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        while b"\r\n\r\n" not in received:
            piece = connection.recv(65536)
            if not piece:
                break
            received += piece
        return received.split(b"\r\n")[0]


class Requests(TlsDownstream):
    def setUp(self):
        super().setUp()
        self.secure = self.gateway(self.authority.issue())

    def test_bodies_of_every_size_both_ways(self):
        self.assertEqual(self.secure.get("/").status, 200)
        answer = self.secure.request("POST", "/", b"x" * 5_000_000)
        self.assertEqual(json.loads(answer.body)["bytes"], 5_000_000)
        self.assertEqual(self.secure.get("/big/5000000").body, b"x" * 5_000_000)

    def test_the_backend_is_told_of_https(self):
        headers = json.loads(self.secure.get("/headers").body)
        self.assertEqual(headers["x-forwarded-proto"], "https")
        self.assertRegex(headers["forwarded"], r"^for=127.0.0.1;host=\"[^\"]+\";proto=https$")

    def test_a_stream_passes_event_by_event(self):
        with self.connect(self.secure) as client:
            client.sendall(b"GET /stream/gate HTTP/1.1\r\nHost: a\r\n\r\n")
            received = b""
            while b"data: one" not in received:
                received += client.recv(65536)
            self.assertNotIn(b"data: two", received)
            self.app.raise_flag("gate")
            while b"data: two" not in received:
                received += client.recv(65536)

    def test_curl(self):
        command = ["curl", "--silent", "--show-error", "--cacert", self.authority.ca_file,
                   "--resolve", f"localhost:{self.secure.port}:127.0.0.1",
                   f"https://localhost:{self.secure.port}/"]
        for flags in ([], ["--tlsv1.3"], ["--tls-max", "1.2"]):
            ended = subprocess.run(command + flags, capture_output=True, text=True, timeout=60)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertIn("pid", json.loads(ended.stdout))

    def test_versions_and_protocols(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=self.authority.ca_file)
            context.minimum_version = context.maximum_version = version
            for offered, chosen, status in ((["http/1.1"], "http/1.1", b" 200 "),
                                            (["http/1.1", "h2"], "h2", b" 505 ")):
                context.set_alpn_protocols(offered)
                with self.connect(self.secure, context) as client:
                    self.assertEqual(client.selected_alpn_protocol(), chosen)
                    self.assertIn(status, self.exchange(client))  # in HTTP/1.1
        old = ssl.create_default_context(cafile=self.authority.ca_file)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises(ssl.SSLError):
            self.connect(self.secure, old)
        self.assertEqual(self.secure.status()["tls"]["handshakes_failed"], 1)

    def test_sessions_are_resumed(self):
        with self.connect(self.secure) as first:
            self.assertIn(b" 200 ", self.exchange(first))
            session = first.session
        with self.connect(self.secure, session=session) as second:
            self.assertTrue(second.session_reused)
            self.assertIn(b" 200 ", self.exchange(second))
        self.assertEqual(self.secure.status()["tls"]["handshakes_resumed"], 1)

    def test_clear_text_and_garbage_are_refused_and_others_served(self):
        for junk in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", os.urandom(500), b"\x16\x03\x01\xff\xff"):
            with socket.create_connection(("127.0.0.1", self.secure.port), PATIENCE_S) as client:
                client.sendall(junk)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
        self.assertEqual(self.secure.get("/").status, 200)
        self.assertEqual(self.secure.status()["tls"]["handshakes_failed"], 3)


class Certificates(TlsDownstream):
    def test_the_name_chooses_the_certificate(self):
        gateway = self.gateway(self.authority.issue("a", ["DNS:a.example"]),
                               self.authority.issue("b", ["DNS:*.b.example"]))
        for name, certificate in (("a.example", "a.example"), ("x.b.example", "*.b.example")):
            with self.connect(gateway, name=name) as client:
                self.assertEqual(client.getpeercert()["subjectAltName"], (("DNS", certificate),))

    def test_clients_with_certificates_only(self):
        gateway = self.gateway(self.authority.issue(), client_ca=self.authority.ca_file)
        context = ssl.create_default_context(cafile=self.authority.ca_file)
        context.load_cert_chain(*self.authority.issue("client", ["DNS:client"]))
        with self.connect(gateway, context) as client:
            self.assertIn(b" 200 ", self.exchange(client))
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            with self.connect(gateway) as client:
                self.exchange(client)
        stranger = self.start(Authority("Stranger"))
        context.load_cert_chain(*stranger.issue("client", ["DNS:client"]))
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            with self.connect(gateway, context) as client:
                self.exchange(client)
        eventually(lambda: gateway.status()["tls"]["handshakes_failed"] == 2, "both were refused")

    def test_a_wrong_certificate_ends_the_start(self):
        certificate, key = self.authority.issue()
        _, other_key = self.authority.issue("other")
        expired, expired_key = self.authority.issue("expired", days=-1)
        for files, message in {
            ("/nonexistent.pem", key): "tls: cannot read the certificate file /nonexistent.pem: No such",
            (certificate, other_key): f"the key in {other_key} does not belong to the first",
            (expired, expired_key): f"the certificate in {expired} expired on",
            (certificate, certificate): f"no private key in PEM form is in {certificate}",
        }.items():
            command = [WARMGATE, "serve", "--listen", "https://127.0.0.1:0", "--admin", "off",
                       "--always-on", self.app.url, "--tls-certificate", files[0], "--tls-key",
                       files[1]]
            ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
            self.assertEqual(ended.returncode, 78, ended)
            self.assertIn(message, ended.stderr)


class Reload(TlsDownstream):
    def serial(self, gateway):
        with self.connect(gateway) as client:
            return client.getpeercert()["serialNumber"]

    def test_new_certificates_are_used_while_requests_run_and_bad_ones_are_not(self):
        files = self.authority.issue()
        gateway = self.gateway(files)
        first = self.serial(gateway)
        load = self.load(gateway.url.replace("http", "https"), "--ca-file", self.authority.ca_file,
                         "--rate", "50/s", "--duration", "60s")
        kept = self.enterContext(self.connect(gateway))  # lives through it all
        self.assertIn(b" 200 ", self.exchange(kept))

        staged = self.authority.issue("staged", ("DNS:localhost", "IP:127.0.0.1"))
        for new, used in zip(staged, files):
            os.replace(new, used)
        eventually(lambda: self.serial(gateway) != first, "the new certificate is in use")
        second = self.serial(gateway)

        shutil.copy(self.authority.issue("other")[1], files[1])
        gateway.line(r"the old certificate stays: the key in \S+ does not belong")
        self.assertEqual(self.serial(gateway), second)
        status = gateway.status()["tls"]
        self.assertEqual(status["reloads"], 1)
        self.assertIn("does not belong", status["reload_problem"])
        metrics = ask(gateway.status_address, "GET", "/metrics").body.decode()
        self.assertIn("\nwarmgate_tls_reload_failing 1\n", metrics)

        self.authority.issue()
        eventually(lambda: self.serial(gateway) != second, "the next good one is in use")
        self.assertIsNone(gateway.status()["tls"]["reload_problem"])
        self.assertIn(b" 200 ", self.exchange(kept))
        load.signal(signal.SIGINT)
        self.assert_nothing_failed(load.report())


class Patience(TlsDownstream):
    def test_a_handshake_that_does_not_end_is_closed(self):
        gateway = self.gateway(self.authority.issue(), more="timeouts: {header: 500ms}")
        silent = [socket.create_connection(("127.0.0.1", gateway.port), PATIENCE_S)
                  for _ in range(20)]
        for client in silent[10:]:
            client.sendall(b"\x16\x03\x01\x02\x00\x01")
        self.assertEqual(gateway.get("/").status, 200)
        for client in silent:
            with client:
                self.assertEqual(client.recv(100), b"")
        gateway.until(lambda s: s["connections"] == 0, "all are closed")


if __name__ == "__main__":
    unittest.main(verbosity=2)
