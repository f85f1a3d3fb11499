"""How `warmgate serve` ends: drained, told twice, or unable to begin."""
import json
import os
import signal
import socket
import subprocess
import tempfile
import unittest

from harness import PATIENCE_S, WARMGATE, App, Gateway, ProcessTest, ask

# Nobody listens there, and nobody is asked: names and ports are checked before.
SOMEWHERE = ("--always-on", "http://127.0.0.1:9", "--serverless", "http://127.0.0.1:10")


class Drain(ProcessTest):
    def setUp(self):
        self.app = self.start(App())
        self.gateway = self.start(Gateway(
            "--always-on", self.app.url, "--slo", "60s", "--always-on-concurrency", "2"))

    def busy(self, running, waiting):
        held = [self.gateway.begin("/hold/gate") for _ in range(running + waiting)]
        self.gateway.until_service(
            lambda s: s["pools"]["always_on"]["in_flight"] == running
            and s["queue"]["requests"] == waiting, "some run, some wait")
        return held

    def test_what_runs_finishes_and_what_waits_is_refused(self):
        held = self.busy(running=2, waiting=3)
        self.assertEqual(ask(self.gateway.status_address, "GET", "/readyz").status, 200)
        self.gateway.signal(signal.SIGTERM)
        self.gateway.until(lambda s: s["draining"], "it drains")

        ready = ask(self.gateway.status_address, "GET", "/readyz")
        self.assertEqual((ready.status, json.loads(ready.body)["reason"]), (503, "draining"))
        self.assertEqual(ask(self.gateway.status_address, "GET", "/healthz").status, 200)
        with self.assertRaises(OSError):
            self.gateway.get("/")

        refused = [answer for answer in held if answer.done() or self.in_time(answer, 1)]
        self.assertEqual(len(refused), 3)
        for response in (answer.result() for answer in refused):
            self.assertEqual((response.status, response.getheader("warmgate-reason")),
                             (503, "draining"))
            self.assertGreaterEqual(int(response.getheader("Retry-After")), 1)
            self.assertEqual(json.loads(response.body)["reason"], "draining")
        self.assertIsNone(self.gateway.process.poll())

        self.app.raise_flag("gate")
        self.assertEqual(self.gateway.ended(), 0)
        self.assertEqual(sorted(answer.result().status for answer in held), [200] * 2 + [503] * 3)
        self.gateway.line("drained")

    @staticmethod
    def in_time(answer, seconds):
        try:
            return answer.result(seconds) is not None
        except TimeoutError:
            return False

    def test_idle_gateway_ends_at_once(self):
        keep_alive = socket.create_connection(("127.0.0.1", self.gateway.port))
        keep_alive.sendall(b"GET /busy/1 HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertIn(b"200 OK", keep_alive.recv(4096))
        self.assertEqual(self.gateway.stop(), 0)
        keep_alive.close()

    def test_second_signal_ends_at_once(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)):
            gateway = self.start(Gateway("--always-on", self.app.url, "--slo", "60s"))
            held = gateway.begin("/hold/never")
            gateway.until_service(lambda s: s["pools"]["always_on"]["in_flight"] == 1, "it runs")
            gateway.signal(first)
            gateway.until(lambda s: s["draining"], "it drains")
            gateway.signal(second)
            self.assertEqual(gateway.ended(), 0)
            with self.assertRaises(OSError):
                held.result()
        self.app.raise_flag("never")

    def test_drain_timeout(self):
        gateway = self.start(Gateway(config=f"""
drain_timeout: 200ms
services:
  - name: slow
    slo: 60s
    always_on: {{backends: "{self.app.url}"}}
"""))
        held = gateway.begin("/hold/never")
        gateway.until_service(lambda s: s["pools"]["always_on"]["in_flight"] == 1, "it runs")
        self.assertEqual(gateway.stop(), 0)
        gateway.line("drain timeout is over: 1 connections are cut off")
        with self.assertRaises(OSError):
            held.result()
        self.app.raise_flag("never")


class Refusing(unittest.TestCase):
    def fails(self, *flags, wrap=(), listen="127.0.0.1:0", admin="127.0.0.1:0"):
        result = subprocess.run(
            [*wrap, WARMGATE, "serve", "--listen", listen, "--admin", admin, *flags],
            capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1, f"one sentence: {result.stderr}")
        return result.returncode, result.stderr

    def fails_with_config(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            result = subprocess.run([WARMGATE, "serve", "-c", file.name], capture_output=True,
                                    text=True, timeout=PATIENCE_S, check=False)
            return result.returncode, result.stderr.replace(file.name, "FILE")

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            taken = f"127.0.0.1:{holder.getsockname()[1]}"
            for where in ({"listen": taken}, {"admin": taken}):
                status, message = self.fails(*SOMEWHERE, **where)
                self.assertEqual(status, 69)
                self.assertIn(taken, message)
                self.assertIn("in use", message)

    def test_name_without_address(self):
        status, message = self.fails("--always-on", "http://no-such-host.invalid:8080",
                                     "--serverless", "http://127.0.0.1:10")
        self.assertEqual(status, 68)
        self.assertIn("no-such-host.invalid", message)

    def test_too_few_file_descriptors(self):
        status, message = self.fails(
            *SOMEWHERE, wrap=("sh", "-c", 'ulimit -n 64; exec "$@"', "sh"))
        self.assertEqual(status, 71)
        self.assertIn("file descriptors", message)
        self.assertIn("ulimit -n", message)

    def test_invalid_configuration(self):
        status, message = self.fails_with_config(
            "services:\n  - name: a\n    slo: 500ms\n    alway_on: {backends: http://a:1}\n")
        self.assertEqual(status, 78)
        self.assertIn("FILE:4:5: services[0].alway_on: unknown key; did you mean `always_on`?",
                      message)
        status, message = self.fails_with_config(
            "services:\n  - name: a\n    slo: 500\n    always_on: {backends: http://a:1}\n")
        self.assertEqual(status, 78)
        self.assertIn("FILE:3:10: services[0].slo: must be a duration", message)
        status, message = self.fails("--slo", "soon", *SOMEWHERE)
        self.assertEqual(status, 78)
        self.assertIn("slo", message)

    def test_file_that_cannot_be_read(self):
        result = subprocess.run([WARMGATE, "serve", "-c", os.devnull + "/nothing"], check=False,
                                capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual(result.returncode, 66)
        self.assertEqual(result.stderr.count("\n"), 1)

    def test_flags_that_do_not_fit_together(self):
        status, message = self.fails("-c", "warmgate.yaml", *SOMEWHERE)
        self.assertEqual(status, 64)
        self.assertIn("-c FILE", message)
        status, message = self.fails()
        self.assertEqual(status, 64)
        self.assertIn("--always-on", message)


if __name__ == "__main__":
    unittest.main(verbosity=2)
