"""Several threads: what clients, owners and logs see is one gateway. (WARMGATE_THREADS=3 runs every
other test with several, too.)"""
import os
import signal
import unittest

from harness import App, Gateway, ProcessTest, Runtime, ask, eventually
from observability_test import parse_metrics
from tls_downstream_test import TlsDownstream

THREADS = 3


class OneGateway(ProcessTest):
    def setUp(self):
        self.app = self.start(App())
        self.runtime = self.start(Runtime("--concurrency", "4", "--max-instances", "2"))
        self.gateway = self.start(Gateway(
            "--threads", str(THREADS), "--always-on", self.app.url, "--serverless",
            self.runtime.url, "--slo", "1s", "--always-on-concurrency", "2",
            "--serverless-concurrency", "4", "--max-instances", "2"))

    def test_cold_start_figures_and_drain(self):
        load = self.load(self.gateway.url, "--path", "/busy/20", "--profile",
                         "burst 40, 100/s for 4s", "--slo", "10s", "--timeout", "30s")
        while load.process.poll() is None:  # who looks on is in nobody's way
            service = self.gateway.service()
            self.assertLessEqual(service["pools"]["always_on"]["in_flight"], 2)
        report = load.report()
        self.assert_nothing_failed(report)
        sent = report["requests"]
        threads = len(os.listdir(f"/proc/{self.gateway.process.pid}/task"))
        self.assertGreaterEqual(threads, THREADS + 1, "the log has a thread, too")

        metrics = ask(self.gateway.status_address, "GET", "/metrics").body.decode()
        counted = sum(value for (name, _), value in parse_metrics(metrics).items()
                      if name == "warmgate_requests_total")
        self.assertEqual(counted, sent)
        self.gateway.until_service(
            lambda service: all(service["pools"][pool]["in_flight"] == 0
                                for pool in ("always_on", "serverless")), "nothing is left over")
        self.gateway.signal(signal.SIGTERM)
        eventually(lambda: self.gateway.process.poll() is not None, "it ends")
        self.assertEqual(self.gateway.process.returncode, 0)
        self.assertEqual(len(self.gateway.access_log()), sent, "no line of the access log is lost")


class Sessions(TlsDownstream):
    """What was agreed with one thread, another one takes up."""

    def test_a_session_is_resumed_by_any_thread(self):
        gateway = self.gateway(self.authority.issue(), more=f"threads: {THREADS}")
        with self.connect(gateway) as first:
            self.assertIn(b" 200 ", self.exchange(first))
            session = first.session
            # While a connection is open, the next one goes to a thread that has none.
            with self.connect(gateway, session=session) as second, \
                    self.connect(gateway, session=session) as third:
                for other in second, third:
                    self.assertTrue(other.session_reused)
                    self.assertIn(b" 200 ", self.exchange(other))
        self.assertEqual(gateway.status()["tls"]["handshakes_resumed"], 2)


if __name__ == "__main__":
    unittest.main()
