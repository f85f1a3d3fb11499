"""`kill -9` of the gateway itself: its successor knows nothing, says so and harms nobody. And what a
gateway costs that has nothing to do."""
import unittest

from harness import MIB, App, Gateway, ProcessTest, Runtime, for_a_while

WORK = "/busy/5"
UNKNOWN = r"serverless pools' state is unknown until something answers"


def serverless_state(gateway):
    pool = gateway.service()["pools"]["serverless"]
    return pool["state"], pool["evidence"], pool["evidence_age_s"]


class Restart(ProcessTest):
    def setUp(self):
        self.app = self.start(App())
        self.runtime = self.start(Runtime("--concurrency", "2"))

    def gateway(self, **more):
        return self.start(Gateway(
            "--always-on", self.app.url, "--serverless", self.runtime.url, "--slo", "5s",
            "--always-on-concurrency", "2", "--serverless-concurrency", "2", **more))

    def restarted(self, gateway):
        gateway.kill()
        return self.gateway(listen=gateway.address)

    def light_traffic(self, gateway):
        response = gateway.get(WORK)
        self.assertEqual((response.status, response.getheader("warmgate-pool"),
                          response.getheader("warmgate-reason")), (200, "always-on", "unknown"))

    def wake(self, gateway):
        """More at once than the always-on pool has slots for."""
        answers = [gateway.begin("/busy/300") for _ in range(12)]
        self.assertEqual({answer.result().status for answer in answers}, {200})
        gateway.until_service(lambda s: s["pools"]["serverless"]["state"] == "warm", "it is warm")

    def check_unknown(self, gateway, before):
        """Unknown, and it stays at that: no request tells anything, none is sent to find out."""
        gateway.line(UNKNOWN)

        def check():
            self.light_traffic(gateway)
            self.assertEqual(serverless_state(gateway), ("unknown", "none", None))
            self.assertEqual(self.runtime.arrivals(), before)

        for_a_while(3, check)

    def test_serverless_asleep(self):
        gateway = self.gateway()
        self.check_unknown(gateway, 0)
        self.check_unknown(self.restarted(gateway), 0)

    def test_serverless_warm(self):
        gateway = self.gateway()
        self.wake(gateway)
        before = self.runtime.arrivals()
        self.assertGreater(before, 0)
        gateway = self.restarted(gateway)
        self.check_unknown(gateway, before)
        self.wake(gateway)  # and it learns as soon as it is needed
        self.assertGreater(self.runtime.arrivals(), before)

    def test_restart_under_load(self):
        """Whoever comes while nobody listens is refused; everybody else is answered."""
        gateway = self.gateway()
        load = self.load(gateway.url, "--path", WORK, "--rate", "30/s", "--duration", "6s")
        gateway.until(lambda s: s["requests_received"] > 30, "load")
        gateway = self.restarted(gateway)
        gateway.until(lambda s: s["requests_received"] > 30, "load again")
        errors = load.report()["errors"]
        expected = errors["connect_failed"] + errors["broken"]  # `broken`: cut off by the kill
        self.assertEqual(errors["total"], expected, errors)
        self.assertLess(errors["broken"], 5)


class Idle(ProcessTest):
    def test_memory(self):
        """Under 20 MiB, when it was just started and after work."""
        app, runtime = self.start(App()), self.start(Runtime())
        gateway = self.start(Gateway("--always-on", app.url, "--serverless", runtime.url))
        gateway.until_service(lambda s: s["probes"]["health"] > 0, "it does what it does when idle")
        fresh = gateway.memory("VmRSS")
        self.load(gateway.url, "--path", WORK, "--rate", "200/s", "--duration", "3s").report()
        gateway.until(lambda s: s["connections"] == 0, "idle again")
        later = gateway.memory("VmRSS")
        print(f"resident: {fresh / MIB:.1f} MiB fresh, {later / MIB:.1f} MiB after work")
        self.assertLess(fresh, 20 * MIB)
        self.assertLess(later, 20 * MIB)


if __name__ == "__main__":
    unittest.main(verbosity=2)
