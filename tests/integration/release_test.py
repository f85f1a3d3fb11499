"""Idle time that is paid: an idle instance ends because the gateway asks it to, long before the
platform would end it; nobody else can ask."""
import json
import unittest

from harness import INFER, WARMGATE_MODEL, Gateway, ProcessTest, Runtime, digits_command, \
    eventually, small_requests

CONFIG = """
services:
  - name: digits
    slo: 5s
    serverless: {{backends: "{serverless}", concurrency: 2, max_instances: 2, billing: instance,
                 release_path: /release, expected_cold_start: 300ms}}
"""


class Release(ProcessTest):
    def test_an_idle_instance_is_asked_to_end_and_the_next_request_starts_another(self):
        command = [WARMGATE_MODEL, *digits_command(), "--host", "127.0.0.1", "--allow-release"]
        runtime = self.start(Runtime("--startup-probe", "/v2/health/ready", command=command))
        gateway = self.start(Gateway(config=CONFIG.format(serverless=runtime.url)))
        body = json.dumps(next(small_requests(1))["body"])
        for starts in (1, 2):
            answer = gateway.request("POST", INFER, body)
            self.assertEqual(answer.status, 200)
            status = runtime.until(lambda s: s["counters"]["releases"] == starts, "it ended")
            self.assertEqual(status["counters"]["crashes"], 0)
            eventually(lambda: not runtime.status()["instances"], "nobody is left")
            self.assertGreaterEqual(status["counters"]["starts"], starts)

    def test_a_client_cannot_ask_for_it(self):
        command = [WARMGATE_MODEL, *digits_command(), "--host", "127.0.0.1", "--allow-release"]
        runtime = self.start(Runtime("--startup-probe", "/v2/health/ready", command=command))
        gateway = self.start(Gateway(
            "--serverless", runtime.url, "--slo", "5s", "--serverless-concurrency", "2"))
        answer = gateway.request("POST", "/release", "", {"warmgate-release": "1"})
        self.assertEqual(answer.status, 404)
        self.assertEqual(runtime.status()["counters"]["releases"], 0)
        self.assertEqual(len(runtime.status()["instances"]), 1)


if __name__ == "__main__":
    unittest.main()
