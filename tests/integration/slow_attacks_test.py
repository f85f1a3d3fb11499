"""Attacks that hold much with little, by slowhttptest: heads and bodies in drips, responses that are
hardly read, requests for thousands of ranges. Meanwhile others are served, and the memory is that of
so many connections; afterwards nothing of it is left."""
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import MIB, PATIENCE_S, App, Gateway, ProcessTest

CONFIG = """
timeouts: {{header: 3s, idle: 3s}}
services:
  - {{name: app, slo: 30s, always_on: {{backends: '{url}', concurrency: 32}},
     health: {{enabled: false}}}}
"""
KIB = 1024


@unittest.skipUnless(shutil.which("slowhttptest"), "needs slowhttptest")
class SlowAttacks(ProcessTest):
    CONNECTIONS = 400
    SECONDS = 8  # of each attack, at most

    def setUp(self):
        self.app = self.start(App())
        self.gateway = self.start(Gateway(config=CONFIG.format(url=self.app.url)))
        for _ in range(20):
            self.assertEqual(self.gateway.get("/").status, 200)

    def attack(self, *flags, path="/", most_each, watch=lambda service: None):
        """Runs slowhttptest against a path while others ask, and looks at the memory, which may grow
        by `most_each` bytes for a connection. `watch` sees the service's status between them."""
        before = self.gateway.memory("VmHWM")
        with tempfile.TemporaryFile("w+") as output:
            attacker = subprocess.Popen(
                ["slowhttptest", *flags, "-c", str(self.CONNECTIONS), "-r", str(self.CONNECTIONS),
                 "-l", str(self.SECONDS), "-p", "5", "-u", self.gateway.url + path],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            self.addCleanup(attacker.wait)
            self.addCleanup(attacker.kill)
            asked = 0
            while attacker.poll() is None:
                self.assertEqual(self.gateway.get("/").status, 200)
                asked += 1
                watch(self.gateway.service())
            output.seek(0)
            said = re.sub(r"\x1b\[[0-9;]*m", "", output.read())
        self.assertEqual(attacker.returncode, 0, said)
        self.assertRegex(said, r"service available:\s+YES", "for the attacker, too")
        self.assertGreater(asked, 0)
        accepted = self.gateway.status()["connections_accepted"]
        self.assertGreater(accepted, self.CONNECTIONS, "the attack took place")
        cost = self.gateway.memory("VmHWM") - before
        print(f"{self.id()}: {asked} others served; {cost / MIB:.1f} MiB, "
              f"{cost / self.CONNECTIONS / KIB:.1f} KiB for a connection")
        self.assertLess(cost, self.CONNECTIONS * most_each + 2 * MIB)
        self.gateway.until_service(
            lambda s: s["pools"]["always_on"]["in_flight"] == 0 and s["queue"]["requests"] == 0,
            "all slots are free again")

    def test_heads_in_drips(self):
        """Slowloris."""
        self.attack("-H", "-i", "1", "-x", "24", "-t", "GET", most_each=8 * KIB)

    def test_bodies_in_drips(self):
        """They gather in the gateway: none of them ever has one of the 32 slots, so that nobody else
        waits for one."""
        most = 0

        def watch(service):
            nonlocal most
            most = max(most, service["gathering"]["requests"])
            in_flight = service["pools"]["always_on"]["in_flight"]
            self.assertLessEqual(in_flight, 1, "beside us only the attacker's probe asks")
            self.assertEqual(service["queue"]["requests"], 0)

        self.attack("-B", "-i", "1", "-s", "100000", "-x", "10", "-t", "POST", most_each=16 * KIB,
                    watch=watch)
        self.assertGreater(most, 32, "more than there are slots")
        reasons = self.gateway.service()["decisions"]
        self.assertEqual([reasons["queued-always-on"], self.gateway.service()["gathering"]["requests"]],
                         [0, 0], "nobody waited, and nothing is left")

    def test_responses_that_are_hardly_read(self):
        """Buffered up to 256 KiB each, so that a slot is not held by a client that does not read."""
        self.attack("-X", "-n", "1", "-z", "32", "-w", "128", "-y", "256", "-k", "3",
                    path="/big/100000", most_each=512 * KIB)

    def test_requests_for_many_ranges(self):
        self.attack("-R", "-a", "5", "-b", "1500", "-t", "HEAD", most_each=40 * KIB)


if __name__ == "__main__":
    unittest.main(verbosity=2)
