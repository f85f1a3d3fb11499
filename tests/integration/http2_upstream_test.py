"""HTTP/2 with backends, between real processes: nghttpd, a gateway behind a gateway, and a local
runtime that speaks it with its instances."""
import concurrent.futures
import json
import pathlib
import socket
import tempfile
import unittest

from harness import (INFER, PATIENCE_S, THREADS, App, Gateway, ProcessTest, Program, Runtime, ask,
                     digits_answers, eventually, run, small_requests)
from tls import Authority, TlsFront


class Nghttpd(Program):
    """The server of nghttp2, with a folder of files: `small` and `big`."""

    def __init__(self, *flags, tls=()):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = tempfile.TemporaryDirectory()
        (pathlib.Path(self.folder.name) / "small").write_bytes(b"hello")
        (pathlib.Path(self.folder.name) / "big").write_bytes(b"0123456789" * 300_000)
        super().__init__("nghttpd", "-a", "127.0.0.1", "-d", self.folder.name, "-v", "--echo-upload",
                         "--trailer", "x-sum: 2", *(() if tls else ("--no-tls",)), *flags,
                         str(self.port), *tls)
        eventually(self.listens, "nghttpd listens")

    def listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *_):
        super().__exit__()
        self.folder.cleanup()


def config(url, more="", tls="{}", pool="always_on", concurrency=200):
    return f"""
services:
  - name: app
    slo: 20s
    {pool}: {{backends: '{url}', concurrency: {concurrency}, tls: {tls}{more}}}
    health: {{enabled: false}}
    limits: {{replay_buffer: 16MiB}}
"""


class OfAnotherMake(ProcessTest):
    def check(self, gateway):
        answer = gateway.get("/small")
        self.assertEqual((answer.status, answer.body), (200, b"hello"))
        self.assertEqual(gateway.get("/big").body, b"0123456789" * 300_000)
        self.assertEqual(gateway.request("HEAD", "/big").status, 200)
        self.assertEqual(gateway.get("/missing").status, 404)
        body = bytes(range(256)) * 8_000
        for chunked in (False, True):
            echo = gateway.request("POST", "/upload", body, chunked=chunked)
            self.assertEqual((echo.status, echo.body == body), (200, True))
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            bodies = list(pool.map(lambda _: gateway.get("/small").body, range(300)))
        self.assertEqual(set(bodies), {b"hello"})
        metrics = ask(gateway.status_address, "GET", "/metrics").body.decode()
        self.assertRegex(metrics, rf"warmgate_backend_connections_http2_total{{[^}}]*}} {THREADS}\n")
        self.assertRegex(metrics, rf"warmgate_backend_connections_opened_total{{[^}}]*}} {THREADS}\n")

    def test_in_clear_text_by_prior_knowledge(self):
        backend = self.start(Nghttpd())
        self.check(self.start(Gateway(config=config(f"http://127.0.0.1:{backend.port}",
                                                    ", protocol: h2"))))

    def test_over_tls_as_agreed(self):
        authority = self.start(Authority())
        certificate, key = authority.issue()
        backend = self.start(Nghttpd(tls=(key, certificate)))
        self.check(self.start(Gateway(config=config(
            f"https://localhost:{backend.port}", tls=f"{{ca_file: {authority.ca_file}}}"))))

    def test_http2_on_both_sides_with_trailers(self):
        backend = self.start(Nghttpd())
        gateway = self.start(Gateway(config=config(f"http://127.0.0.1:{backend.port}",
                                                   ", protocol: h2")))
        out, err, status = run("nghttp", "-v", gateway.url + "/small")
        self.assertEqual(status, 0, err)
        self.assertRegex(out, r"(?s)hello.*x-sum: 2")
        out, err, status = run("h2load", "-n", "2000", "-c", "4", "-m", "50", gateway.url + "/small")
        self.assertEqual(status, 0, err)
        self.assertIn("2000 succeeded, 0 failed, 0 errored", out)

    def test_a_small_limit_of_streams_is_kept(self):
        backend = self.start(Nghttpd("-m", "3"))
        gateway = self.start(Gateway(config=config(f"http://127.0.0.1:{backend.port}",
                                                   ", protocol: h2")))
        self.assertEqual(gateway.get("/small").status, 200)
        out, err, status = run("h2load", "-n", "1000", "-c", "1", "-m", "20", gateway.url + "/small")
        self.assertEqual(status, 0, err)
        self.assertIn("1000 succeeded, 0 failed, 0 errored", out)

    def test_a_restart_loses_nothing_that_waits(self):
        backend = self.start(Nghttpd())
        gateway = self.start(Gateway(config=config(f"http://127.0.0.1:{backend.port}",
                                                   ", protocol: h2")))
        self.assertEqual(gateway.get("/small").status, 200)
        backend.kill()
        self.assertIn(gateway.get("/small").status, (502, 503))


class WhatIsSpoken(ProcessTest):
    def setUp(self):
        self.authority = self.start(Authority())
        self.files = self.authority.issue()
        self.app = self.start(App())
        self.tls = f"{{ca_file: {self.authority.ca_file}}}"

    def gateway(self, front, more=""):
        return self.start(Gateway(config=config(front.url, more, self.tls)))

    def spoken(self, gateway):
        version = json.loads(gateway.get("/headers").body)
        via = {name.lower(): value for name, value in version.items()}["via"]
        return via

    def test_auto_speaks_http1_where_the_backend_does(self):
        for alpn in ((), ("http/1.1",)):
            front = self.start(TlsFront(self.app.address, *self.files, alpn=alpn))
            gateway = self.gateway(front)
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                answers = list(pool.map(lambda _: gateway.get("/headers").status, range(64)))
            self.assertEqual(set(answers), {200})

    def test_h2_where_the_backend_does_not_agree_says_what_to_do(self):
        for alpn in ((), ("http/1.1",)):
            front = self.start(TlsFront(self.app.address, *self.files, alpn=alpn))
            gateway = self.gateway(front, ", protocol: h2")
            answer = gateway.get("/headers")
            self.assertIn(answer.status, (502, 503))
            problem = gateway.line(r"cannot be connected to: (.*)").group(1)
            self.assertIn("set protocol: auto or http1", problem)

    def test_http1_where_the_backend_could_do_better(self):
        inner = self.start(Gateway(config=config(self.app.url)))
        front = self.start(TlsFront(inner.address, *self.files, alpn=("h2", "http/1.1")))
        gateway = self.gateway(front, ", protocol: http1")
        self.assertEqual(self.spoken(gateway), "1.1 warmgate, 1.1 warmgate")

    def test_a_gateway_behind_a_gateway(self):
        inner = self.start(Gateway(config=config(self.app.url)))
        front = self.start(TlsFront(inner.address, *self.files, alpn=("h2", "http/1.1")))
        gateway = self.gateway(front)
        self.assertEqual(self.spoken(gateway), "1.1 warmgate, 2.0 warmgate")
        body = b"x" * 3_000_000
        self.assertEqual(json.loads(gateway.request("POST", "/", body).body)["bytes"], len(body))
        self.assertEqual(len(gateway.get("/big/3000000").body), 3_000_000)
        out, err, status = run("h2load", "-n", "500", "-c", "3", "-m", "16", gateway.url + "/headers")
        self.assertEqual(status, 0, err)
        self.assertIn("500 succeeded, 0 failed, 0 errored", out)
        self.app.raise_flag("go")
        out, err, status = run("nghttp", "-v", gateway.url + "/stream/go")
        self.assertEqual(status, 0, err)
        self.assertRegex(out, r"(?s)data: one\n.*data: two\n.*x-sum: 2")

    def test_upgrades_are_refused_where_http2_is_a_must(self):
        inner = self.start(Gateway(config=config(self.app.url)))
        gateway = self.start(Gateway(config=config(inner.url, ", protocol: h2")))
        answer = gateway.request("GET", "/", headers={"Connection": "upgrade",
                                                      "Upgrade": "websocket"})
        self.assertEqual(answer.status, 501)
        self.assertIn(b"no-upgrade", answer.body)


class ColdStarts(ProcessTest):
    def test_a_model_that_sleeps_behind_http2_all_the_way(self):
        """warmgate-model speaks HTTP/2, too: client, gateway, runtime and instance all do."""
        runtime = self.start(Runtime.of_model("--http2", "--concurrency", "4", "--max-instances",
                                              "2"))
        gateway = self.start(Gateway(config=config(
            runtime.url, ", protocol: h2, max_instances: 2", pool="serverless", concurrency=4)))
        request = next(small_requests(1))
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(request["body"], file)
            file.flush()
            out, err, status = run(
                "curl", "-s", "-S", "--max-time", str(PATIENCE_S), "--http2-prior-knowledge", "-H",
                "content-type: application/json", "--data-binary", f"@{file.name}",
                gateway.url + INFER)
            self.assertEqual(status, 0, err)
            self.assertEqual(digits_answers(out), request["answers"])
            out, err, status = run("h2load", "-n", "200", "-c", "2", "-m", "8", "-d", file.name,
                                   gateway.url + INFER)
            self.assertIn("200 succeeded, 0 failed, 0 errored", out)


if __name__ == "__main__":
    unittest.main()
