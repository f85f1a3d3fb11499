"""`kill -9` under load, with the real model: no request that may be repeated fails, and what comes
back is taken back in."""
import json
import os
import signal
import tempfile
import unittest

from harness import INFER, Gateway, Model, ProcessTest, Runtime, small_requests

# Every inference is a heavy request here, which goes to serverless at any level of demand.
ALL_TO_SERVERLESS = """
services:
  - name: digits
    slo: 5s
    always_on: {{backends: "{always_on}", concurrency: 2}}
    serverless: {{backends: "{serverless}", concurrency: 2, max_instances: 2}}
    heavy: {{bytes: 100B, allow_always_on: false}}
"""


def backend(service, pool):
    return service["pools"][pool]["backends"][0]


class Kill(ProcessTest):
    def setUp(self):
        self.model = self.start(Model())
        self.runtime = self.start(Runtime.of_model(
            "--concurrency", "2", "--max-instances", "2", "--start-delay", "500ms"))

        self.payloads = self.enterContext(tempfile.NamedTemporaryFile("w", suffix=".jsonl"))
        for request in small_requests(4):
            self.payloads.write(json.dumps(request) + "\n")
        self.payloads.flush()

    def infer(self, gateway, rate):
        """Requests without end; done() ends them."""
        return self.load(gateway.url, "--path", INFER, "--payloads", self.payloads.name,
                         "--arrivals", "even", "--rate", rate, "--duration", "10m")

    def done(self, load):
        load.signal(signal.SIGINT)
        report = load.report()
        self.assert_nothing_failed(report)
        return report

    def served(self, gateway, pool, count):
        gateway.until_service(lambda s: s["attempts"][pool]["ok"] >= count,
                              f"{count} answers by {pool}")

    def test_always_on_server(self):
        gateway = self.start(Gateway(
            "--always-on", self.model.url, "--serverless", self.runtime.url, "--slo", "5s",
            "--always-on-concurrency", "2", "--serverless-concurrency", "2",
            "--max-instances", "2"))
        load = self.infer(gateway, "20/s")
        self.served(gateway, "always_on", 20)
        self.model.signal(signal.SIGSTOP)  # so that it is at work for certain when it dies
        gateway.until_service(lambda s: s["pools"]["always_on"]["in_flight"] == 2, "it is at work")
        self.model.kill()
        gateway.until_service(lambda s: s["attempts"]["serverless"]["ok"] >= 20,
                              "serverless stands in")
        self.assertEqual(gateway.service()["pools"]["always_on"]["state"], "down")
        self.start(Model(port=self.model.port))
        before = gateway.until_service(lambda s: backend(s, "always_on")["healthy"],
                                       "it is taken back in")
        self.served(gateway, "always_on", before["attempts"]["always_on"]["ok"] + 20)
        report = self.done(load)
        service = gateway.service()
        print({pool: service["attempts"][pool] for pool in service["attempts"]},
              "retries", service["retries"], "latency", report["latency_ms"])
        self.assertGreaterEqual(service["attempts"]["always_on"]["broken"], 2)
        self.assertGreaterEqual(service["retries"], 2)

    def test_serverless_instance(self):
        gateway = self.start(Gateway(config=ALL_TO_SERVERLESS.format(
            always_on=self.model.url, serverless=self.runtime.url)))
        load = self.infer(gateway, "20/s")
        self.served(gateway, "serverless", 20)

        status = self.runtime.until(
            lambda s: any(i["in_flight"] > 0 for i in s["instances"]), "an instance is at work")
        name, pid = next((i["name"], i["pid"]) for i in status["instances"] if i["in_flight"] > 0)
        os.kill(pid, signal.SIGSTOP)  # so that it is at work for certain when it dies
        self.runtime.until(lambda s: any(i["name"] == name and i["in_flight"] > 0
                                         for i in s["instances"]), "it has a request")
        os.kill(pid, signal.SIGKILL)
        self.runtime.until(lambda s: s["counters"]["crashes"] == 1, "it is gone")
        before = gateway.service()["attempts"]["serverless"]["ok"]
        self.served(gateway, "serverless", before + 20)
        report = self.done(load)
        service = gateway.service()
        print("lost", self.runtime.status()["counters"]["lost"], "retries", service["retries"],
              "latency", report["latency_ms"])
        self.assertGreaterEqual(self.runtime.status()["counters"]["lost"], 1)



if __name__ == "__main__":
    unittest.main(verbosity=2)
