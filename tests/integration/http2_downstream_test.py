"""Clients that speak HTTP/2 with the gateway: curl, nghttp and h2load with a real model behind; and,
frame by frame, what RFC 9113 says of errors, and attacks, with the memory that they cost."""
import json
import re
import shutil
import tempfile
import unittest

from harness import (INFER, MIB, PATIENCE_S, App, Gateway, Model, ProcessTest, Runtime,
                     digits_answers, eventually, run, small_requests)
from http2 import (CANCEL, COMPRESSION_ERROR, ENHANCE_YOUR_CALM, FRAME_SIZE_ERROR, PROTOCOL_ERROR,
                   STREAM_CLOSED, Client)
from hyperframe.frame import (ContinuationFrame, DataFrame, HeadersFrame, PingFrame, PriorityFrame,
                              PushPromiseFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame)
from tls import Authority

CONFIG = """
services:
  - {{name: app, slo: 10s, always_on: {{backends: '{url}', concurrency: 32}},
     health: {{enabled: false}}, routes: [{{path: /unread, gather_body: false}}]}}
"""


class Clients(ProcessTest):
    """Programs of other makes."""

    def curl(self, url, *flags):
        """The version of HTTP, the status and the body."""
        out, err, status = run("curl", "-s", "-S", "--max-time", str(PATIENCE_S), "-w",
                               "\n%{http_version} %{http_code}", *flags, url)
        self.assertEqual(status, 0, err)
        body, _, last = out.rpartition("\n")
        return (*last.split(), body)

    def test_by_prior_knowledge(self):
        app = self.start(App())
        gateway = self.start(Gateway(config=CONFIG.format(url=app.url)))
        version, status, body = self.curl(gateway.url + "/headers", "--http2-prior-knowledge", "-H",
                                          "x-test: Yes", "-H", "cookie: a=1")
        self.assertEqual((version, status), ("2", "200"))
        fields = {name.lower(): value for name, value in json.loads(body).items()}
        self.assertEqual(fields["via"], "2.0 warmgate")
        self.assertEqual((fields["x-test"], fields["cookie"]), ("Yes", "a=1"))
        self.assertEqual(fields["x-forwarded-host"], gateway.address)
        record = eventually(gateway.access_log, "a line of the access log")[0]
        self.assertEqual(record["httpRequest"]["protocol"], "HTTP/2.0")
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x" * 5_000_000)
            file.flush()
            version, status, body = self.curl(gateway.url + "/", "--http2-prior-knowledge",
                                              "--data-binary", f"@{file.name}")
        self.assertEqual((version, status, json.loads(body)["bytes"]), ("2", "200", 5_000_000))
        version, status, body = self.curl(gateway.url + "/big/5000000", "--http2-prior-knowledge")
        self.assertEqual((version, status, len(body)), ("2", "200", 5_000_000))
        version, status, body = self.curl(gateway.url + "/big/1000", "--http2-prior-knowledge",
                                          "--head")
        self.assertEqual((version, status), ("2", "200"))
        self.assertIn("content-length: 1000", body)
        version, status, _ = self.curl(gateway.url + "/headers")
        self.assertEqual((version, status), ("1.1", "200"))
        http2 = gateway.status()["http2"]
        self.assertEqual((http2["connections_accepted"], http2["requests_received"]), (4, 4))

    def test_trailers_and_events_pass(self):
        app = self.start(App())
        gateway = self.start(Gateway(config=CONFIG.format(url=app.url)))
        app.raise_flag("go")
        out, err, status = run("nghttp", "-v", gateway.url + "/stream/go")
        self.assertEqual(status, 0, err)
        self.assertRegex(out, r"(?s)data: one\n.*data: two\n.*x-sum: 2")

    def test_over_tls_as_agreed(self):
        authority = self.start(Authority())
        certificate, key = authority.issue()
        app = self.start(App())
        gateway = self.start(Gateway(
            listen="https://127.0.0.1:0",
            config=f"tls: {{certificates: [{{certificate: {certificate}, key: {key}}}]}}\n" +
            CONFIG.format(url=app.url)))
        port = gateway.port
        trusted = ("--cacert", authority.ca_file)
        url = f"https://localhost:{port}/headers"
        version, status, body = self.curl(url, "--http2", *trusted)
        self.assertEqual((version, status), ("2", "200"))
        fields = {name.lower(): value for name, value in json.loads(body).items()}
        self.assertEqual(fields["x-forwarded-proto"], "https")
        self.assertEqual(self.curl(url, "--http1.1", *trusted)[:2], ("1.1", "200"))

    @unittest.skipUnless(shutil.which("h2load"), "needs nghttp2-client")
    def test_a_real_model_under_load(self):
        model = self.start(Model())
        gateway = self.start(Gateway("--always-on", model.url, "--slo", "10s",
                                     "--always-on-concurrency", "8"))
        request = next(small_requests(1))
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(request["body"], file)
            file.flush()
            version, status, body = self.curl(
                gateway.url + INFER, "--http2-prior-knowledge", "-H",
                "content-type: application/json", "--data-binary", f"@{file.name}")
            self.assertEqual((version, status), ("2", "200"))
            self.assertEqual(digits_answers(body), request["answers"])
            for target, streams in ((gateway, "16"), (model, "2")):
                out, err, status = run("h2load", "-n", "500", "-c", "3", "-m", streams, "-d",
                                       file.name, target.url + INFER)
                self.assertEqual(status, 0, err)
                self.assertIn("500 succeeded, 0 failed, 0 errored", out)
        self.assertEqual(gateway.status()["http2"]["requests_received"], 501)

    def test_the_local_runtime_speaks_it_too(self):
        runtime = self.start(Runtime())
        version, status, _ = self.curl(runtime.url + "/", "--http2-prior-knowledge")
        self.assertEqual((version, status), ("2", "200"))

    def test_draining_finishes_what_runs(self):
        app = self.start(App())
        gateway = self.start(Gateway(config=CONFIG.format(url=app.url)))
        client = self.start(Client(gateway.address))
        client.send(client.request(1, "/hold/go"))
        gateway.until(lambda s: s["requests_received"] == 1, "the request")
        gateway.process.terminate()
        self.assertEqual(client.until(PingFrame).flags, set(), "behind a warning")
        app.raise_flag("go")
        self.assertEqual(client.response(1)[0], 200)
        self.assertEqual(client.goaway(), 0)
        self.assertEqual(gateway.ended(), 0)


class Frames(ProcessTest):
    def setUp(self):
        self.app = self.start(App())
        self.gateway = self.start(Gateway(config=CONFIG.format(url=self.app.url)))

    def client(self):
        return self.start(Client(self.gateway.address))

    def assert_connection_error(self, code, *frames, data=b""):
        client = self.client()
        client.send(*(frame(client) if callable(frame) else frame for frame in frames))
        client.send_bytes(data)
        self.assertEqual(client.goaway(), code)

    def assert_stream_error(self, code, *frames):
        """Stream 1 ends with the error; the connection goes on."""
        client = self.client()
        client.send(*(frame(client) if callable(frame) else frame for frame in frames))
        self.assertEqual(client.response(1)[0], code)
        client.send(client.request(3))
        self.assertEqual(client.response(3)[0], 200)

    def test_errors_of_the_connection(self):
        def get(client):
            return client.request(1)

        def open_head(client):
            frame = client.request(1)
            frame.flags.discard("END_HEADERS")
            return frame

        # 5.1: idle and closed streams. 5.1.1: identifiers.
        self.assert_connection_error(PROTOCOL_ERROR, DataFrame(1, b"x"))
        self.assert_connection_error(PROTOCOL_ERROR, RstStreamFrame(1, CANCEL))
        self.assert_connection_error(PROTOCOL_ERROR, WindowUpdateFrame(1, 10))
        self.assert_connection_error(PROTOCOL_ERROR, lambda c: c.request(2))
        self.assert_connection_error(STREAM_CLOSED, get, DataFrame(1, b"x"))
        # 4.1, 6: frames of the wrong size or in the wrong place.
        self.assert_connection_error(FRAME_SIZE_ERROR, data=b"\0\x40\x01\0\0\0\0\0\1" + b"x" * 16385)
        self.assert_connection_error(FRAME_SIZE_ERROR, data=b"\0\0\5\6\0\0\0\0\0short")
        self.assert_connection_error(FRAME_SIZE_ERROR, data=b"\0\0\5\4\0\0\0\0\0short")
        self.assert_connection_error(PROTOCOL_ERROR, open_head, PingFrame(0, b"12345678"))
        self.assert_connection_error(PROTOCOL_ERROR, open_head, ContinuationFrame(3, b""))
        self.assert_connection_error(PROTOCOL_ERROR, ContinuationFrame(1, b""))
        self.assert_connection_error(PROTOCOL_ERROR, lambda c: PushPromiseFrame(1, 2, data=b""))
        self.assert_connection_error(PROTOCOL_ERROR, WindowUpdateFrame(0, 1), data=(
            b"\0\0\4\x08\0\0\0\0\0\0\0\0\0"))
        # 4.3: header compression.
        head = HeadersFrame(1, b"\xff\xff\xff\xff\xff\xff", flags=["END_HEADERS", "END_STREAM"])
        self.assert_connection_error(COMPRESSION_ERROR, head)

    def test_malformed_requests(self):
        good = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "test")]
        cases = [
            (PROTOCOL_ERROR, good + [("Upper", "1")]),
            (PROTOCOL_ERROR, good + [("connection", "keep-alive")]),
            (PROTOCOL_ERROR, good + [("transfer-encoding", "chunked")]),
            (PROTOCOL_ERROR, good + [("te", "gzip")]),
            (PROTOCOL_ERROR, good + [(":path", "/2")]),
            (PROTOCOL_ERROR, good + [("x", "1"), (":method", "GET")]),
            (PROTOCOL_ERROR, good[1:]),
            (PROTOCOL_ERROR, good[:2] + [(":path", ""), good[3]]),
            (PROTOCOL_ERROR, good + [("content-length", "3")]),
            (400, good + [("x", "a\nb")]),
            (400, good + [("bad name", "1")]),
            (400, good + [("host", "other")]),
            (431, good + [("x", "y")] * 120),
        ]
        for code, fields in cases:
            with self.subTest(fields=fields[:8]):
                self.assert_stream_error(code, lambda c: c.request(1, fields=fields))
        self.assertEqual(self.gateway.status()["services"][0]["name"], "app")

    def test_a_body_must_match_its_length(self):
        for body in (b"four", b"sixsix"):
            self.assert_stream_error(
                PROTOCOL_ERROR,
                lambda c: c.request(1, method="POST", more=[("content-length", "5")], ends=False),
                lambda c: c.data(1, body, ends=True))

    def test_flow_control_holds_the_backend_back(self):
        client = self.start(Client(self.gateway.address, settings={
            SettingsFrame.INITIAL_WINDOW_SIZE: 1000}))
        client.send(client.request(1, "/big/50000000"))
        self.assertEqual(len(client.until(DataFrame).data), 1000)
        client.send(client.request(3))
        self.assertEqual(client.response(3)[0], 200)
        left = self.app.flags / "left"
        self.assertGreater(int(eventually(left.read_text, "bytes sent")), 30_000_000)


class Attacks(ProcessTest):
    """Each by many connections at once; what is asserted is the memory that they cost, and that the
    gateway goes on."""

    CONNECTIONS = 20
    MOST_MEMORY = 24 * MIB  # for all of them, sockets' buffers in the kernel not counted

    def setUp(self):
        self.app = self.start(App())
        self.gateway = self.start(Gateway(config=CONFIG.format(url=self.app.url)))
        for _ in range(20):
            self.assertEqual(self.gateway.get("/").status, 200)

    def attack(self, frames, most, first=lambda client: [], settings={}):
        """Lets every connection send `frames(i)` until it is ended; the GOAWAYs' codes."""
        before = self.gateway.memory("VmHWM")
        codes = []
        for _ in range(self.CONNECTIONS):
            with Client(self.gateway.address, settings=settings) as client:
                client.send(*first(client))
                client.flood(lambda i: frames(client, i), most)
                codes.append(client.goaway())
        cost = self.gateway.memory("VmHWM") - before
        print(f"{self.id()}: {cost / MIB:.1f} MiB, {codes[:3]}")
        self.assertLess(cost, self.MOST_MEMORY)
        self.assertEqual(self.gateway.get("/").status, 200)
        return codes

    def assert_calmed(self, codes):
        # A client that still writes may meet the reset before it reads why.
        self.assertLessEqual(set(codes), {ENHANCE_YOUR_CALM, None})
        self.assertGreaterEqual(self.gateway.status()["http2"]["floods"], self.CONNECTIONS)

    def test_rapid_reset(self):
        class Pair:
            def __init__(self, client, i):
                self.frames = (client.request(2 * i + 1), RstStreamFrame(2 * i + 1, CANCEL))

            def serialize(self):
                return b"".join(frame.serialize() for frame in self.frames)

        self.assert_calmed(self.attack(Pair, 20_000))
        service = self.gateway.until_service(
            lambda s: s["pools"]["always_on"]["in_flight"] == 0, "all cancelled")
        self.assertEqual(service["queue"]["requests"], 0)

    def test_pings(self):
        self.assert_calmed(self.attack(lambda c, i: PingFrame(0, b"12345678"), 200_000))

    def test_settings(self):
        self.assert_calmed(self.attack(lambda c, i: SettingsFrame(0), 200_000))

    def test_priorities(self):
        self.assert_calmed(self.attack(
            lambda c, i: PriorityFrame(2 * i + 1, depends_on=2 * i + 3), 200_000))

    def test_window_updates(self):
        self.assert_calmed(self.attack(lambda c, i: WindowUpdateFrame(0, 1), 200_000))

    def test_empty_data(self):
        self.assert_calmed(self.attack(
            lambda c, i: DataFrame(1, b""), 200_000,
            first=lambda c: [c.request(1, method="POST", ends=False)]))

    def test_continuations(self):
        def first(client):
            frame = client.request(1)
            frame.flags.discard("END_HEADERS")
            return [frame]

        self.assert_calmed(self.attack(
            lambda c, i: ContinuationFrame(1, b"\0\1x\x7f\x81\x7c" + b"y" * 16000), 2_000,
            first=first))

    def test_a_bomb_of_table_references(self):
        def bomb(client, i):
            block = client.encoder.encode([
                (":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "test")])
            block += b"\x40\1x\x7f\xa1\x1e" + b"y" * 4000 + b"\xbe" * 12_000
            return HeadersFrame(2 * i + 1, block, flags=["END_HEADERS", "END_STREAM"])

        self.assert_calmed(self.attack(bomb, 100, first=lambda c: []))

    def test_slow_readers_of_large_responses(self):
        """Each with a hundred streams whose responses it does not take."""
        before = self.gateway.memory("VmHWM")
        for _ in range(4):
            client = self.start(Client(self.gateway.address, settings={
                SettingsFrame.INITIAL_WINDOW_SIZE: 0}))
            client.send(*(client.request(2 * i + 1, "/big/2000000") for i in range(100)))
        self.gateway.until(lambda s: s["http2"]["requests_received"] == 400, "all requests")
        eventually(lambda: self.gateway.service()["pools"]["always_on"]["in_flight"] == 32,
                   "as many as there are slots")
        cost = self.gateway.memory("VmHWM") - before
        print(f"{self.id()}: {cost / MIB:.1f} MiB")
        self.assertLess(cost, self.MOST_MEMORY)

    def test_bodies_that_nobody_reads(self):
        """Requests that wait for a slot, with as much of their bodies as the windows allow."""
        for i in range(32):
            self.gateway.begin(f"/hold/go")
        self.gateway.until_service(
            lambda s: s["pools"]["always_on"]["in_flight"] == 32, "all slots are taken")
        before = self.gateway.memory("VmHWM")
        clients = [self.start(Client(self.gateway.address)) for _ in range(4)]
        for client in clients:
            for i in range(20):
                client.send(client.request(2 * i + 1, "/unread", method="POST", more=[
                    ("expect", "100-continue")], ends=False))
        self.gateway.until(lambda s: s["http2"]["requests_received"] == 80, "all requests")
        for client in clients:
            client.flood(lambda n: client.data(2 * (n % 20) + 1, b"x" * 16000), 400, 10)
        cost = self.gateway.memory("VmHWM") - before
        print(f"{self.id()}: {cost / MIB:.1f} MiB")
        self.assertLess(cost, self.MOST_MEMORY)
        self.app.raise_flag("go")


if __name__ == "__main__":
    unittest.main()
