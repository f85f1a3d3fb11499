"""Streams through the gateway, from both pools: piece by piece, with pressure back, both ways."""
import os
import socket
import time
import unittest

from harness import MIB, PATIENCE_S, App, Gateway, ProcessTest, Runtime, eventually, for_a_while

# Heavy by its path: to serverless, whatever the demand.
CONFIG = """
services:
  - name: streams
    slo: 20s
    slo_until: first_byte
    always_on: {{backends: "{always_on}", concurrency: 4}}
    serverless: {{backends: "{serverless}", concurrency: 4, max_instances: 1}}
    heavy: {{bytes: 1GiB, allow_always_on: false}}
    limits: {{max_body: 200MiB}}
    routes:
      - {{path: /stream/heavy, heavy: true}}
"""


class Streaming(ProcessTest):
    def setUp(self):
        self.app = self.start(App())
        self.runtime = self.start(Runtime("--concurrency", "4"))
        self.gateway = self.start(Gateway(config=CONFIG.format(
            always_on=self.app.url, serverless=self.runtime.url)))

    def connect(self, receive_buffer=None):
        client = socket.socket()
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(PATIENCE_S)
        client.connect(("127.0.0.1", self.gateway.port))
        self.addCleanup(client.close)
        return client

    def receive_until(self, client, end, received=b""):
        while end not in received:
            piece = client.recv(65536)
            self.assertNotEqual(piece, b"", f"ended before {end!r}: {received[-200:]!r}")
            received += piece
        return received

    def events_pass_one_by_one(self, path, pool, backend):
        client = self.connect()
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n\r\n".encode())
        received = self.receive_until(client, b"data: one\n\n")
        self.assertIn(f"warmgate-pool: {pool}\r\n".encode(), received)
        self.assertNotIn(b"data: two", received, "that one was not yet sent")
        backend.raise_flag(path.rsplit("/", 1)[1])
        received = self.receive_until(client, b"X-Sum: 2\r\n\r\n", received)
        self.assertIn(b"data: two\n\n", received)

    def test_events_from_always_on(self):
        self.events_pass_one_by_one("/stream/gate", "always-on", self.app)

    def test_events_from_serverless(self):
        self.events_pass_one_by_one("/stream/heavy", "serverless", self.runtime)

    def test_chunked_upload(self):
        body = os.urandom(3_000_000)
        pieces = (body[i:i + 50_000] for i in range(0, len(body), 50_000))
        response = self.gateway.request("POST", "/", pieces, {"Transfer-Encoding": "chunked"}, True)
        self.assertEqual(response.status, 200)
        self.assertIn(f'"bytes": {len(body)}, "sum": {sum(body) % 65536}'.encode(), response.body)

    def test_upload_in_drips(self):
        """A slow client is served like any other, and its upload reaches the backend as it comes."""
        client = self.connect()
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n")
        for _ in range(40):
            client.sendall(b"a")
            time.sleep(0.02)
        received = self.receive_until(client, b"}")
        self.assertIn(b"200 OK", received)
        self.assertIn(f'"bytes": 40, "sum": {40 * ord("a")}'.encode(), received)

    def test_client_that_does_not_read(self):
        """Pressure goes back to the backend; the gateway does not keep what it cannot pass on."""
        size = 100 * MIB
        client = self.connect(receive_buffer=65536)
        client.sendall(f"GET /big/{size} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

        def left():
            try:
                return int((self.app.flags / "left").read_text() or size)
            except FileNotFoundError:
                return size

        eventually(lambda: left() < size, "it begins to come")

        def stands_still():
            before = left()
            time.sleep(0.5)
            return left() == before

        eventually(stands_still, "the backend waits for the client")
        self.assertGreater(left(), size // 2)
        for_a_while(0.5, lambda: self.assertLess(self.gateway.memory("VmRSS"), 20 * MIB))

        received = 0
        while piece := client.recv(1 << 20):
            received += len(piece)
        self.assertGreater(received, size)
        self.assertLess(received, size + 2000, "the body and a head")
        self.assertLess(self.gateway.memory("VmHWM"), 24 * MIB)

    def test_client_that_leaves_ends_the_stream(self):
        client = self.connect()
        client.sendall(b"GET /stream/never HTTP/1.1\r\nHost: x\r\n\r\n")
        self.receive_until(client, b"data: one\n\n")
        client.close()
        self.gateway.until_service(
            lambda s: s["pools"]["always_on"]["in_flight"] == 0 and s["requests"]["in_flight"] == 0,
            "its place is free")
        self.app.raise_flag("never")


if __name__ == "__main__":
    unittest.main(verbosity=2)
