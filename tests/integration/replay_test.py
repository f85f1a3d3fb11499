"""Flight recordings of a real gateway: fetched, replayed bit for bit, and written at a drain."""
import json
import pathlib
import subprocess
import tempfile
import unittest

from harness import WARMGATE, App, Gateway, ProcessTest, Runtime, ask, eventually

CONFIG = """
recorder:
  memory: {memory}
  directory: {directory}
  on_drain: {on_drain}
services:
  - name: app
    slo: 500ms
    health: {{path: /}}
    wake: {{path: /}}
    always_on:
      backends: {always_on}
      concurrency: 2
    serverless:
      backends: {serverless}
      concurrency: 4
      max_instances: 4
      expected_cold_start: 500ms
"""


def replay(*flags):
    return subprocess.run([WARMGATE, "replay", *map(str, flags)], text=True, capture_output=True)


class Replay(ProcessTest):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.app = self.start(App())
        self.runtime = self.start(Runtime("--concurrency", "4", "--max-instances", "4",
                                          "--start-delay", "300ms"))

    def gateway(self, memory="4MiB", on_drain="false"):
        return self.start(Gateway(config=CONFIG.format(
            memory=memory, directory=self.directory, on_drain=on_drain, always_on=self.app.url,
            serverless=self.runtime.url)))

    def run_load(self, gateway, requests):
        """More than the always-on pool can take: serverless is woken, and takes its part."""
        report = self.load(gateway.url + "/busy/40", "--rate", "100/s", "--duration",
                           f"{requests / 100}s").report()
        self.assert_nothing_failed(report)
        return report

    def fetch(self, gateway):
        response = ask(gateway.status_address, "GET", "/recordings/app")
        self.assertEqual(response.status, 200, response.body)
        self.assertEqual(response.getheader("Content-Type"), "application/octet-stream")
        file = self.directory / "app.recording"
        file.write_bytes(response.body)
        return file

    def test_a_recording_is_replayed_bit_for_bit(self):
        gateway = self.gateway()
        report = self.run_load(gateway, 500)
        eventually(lambda: gateway.service()["requests"]["in_flight"] == 0, "all have ended")
        file = self.fetch(gateway)
        result = replay(file)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("the same, bit for bit", result.stdout)
        figures = json.loads(replay(file, "--json", "-").stdout)
        self.assertTrue(figures["replayed"]["same"])
        self.assertTrue(figures["from_start"])
        happened = figures["happened"]
        self.assertEqual(happened["requests"], report["requests"])
        self.assertEqual(happened["answered"], report["requests"])
        self.assertGreater(happened["serverless"], 0)
        self.assertGreater(happened["always_on"], 0)

    def test_from_a_checkpoint_and_after_a_drain(self):
        gateway = self.gateway(memory="256KiB", on_drain="true")
        self.run_load(gateway, 4000)
        self.assertEqual(gateway.stop(), 0)
        files = list(self.directory.glob("warmgate-app-*.recording"))
        self.assertEqual(len(files), 1, gateway.messages)
        self.assertEqual(files[0].stat().st_mode & 0o777, 0o600)
        self.assertLess(files[0].stat().st_size, 400 << 10)
        figures = json.loads(replay(files[0], "--json", "-").stdout)
        self.assertTrue(figures["replayed"]["same"], figures["replayed"])
        self.assertFalse(figures["from_start"])
        self.assertEqual(figures["cause"], "drain")

    def test_what_would_have_happened(self):
        gateway = self.gateway()
        report = self.run_load(gateway, 500)
        file = self.fetch(gateway)
        result = replay(file, "--policy", "nginx-backup")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("nginx-backup", result.stdout)
        other = self.directory / "other.yaml"
        other.write_text("services:\n  - name: app\n    slo: 500ms\n    always_on:\n      backends: "
                         "http://127.0.0.1:1\n      concurrency: 50\n")
        figures = json.loads(replay(file, "-c", other, "--json", "-").stdout)["what_if"]
        self.assertEqual(figures["as_recorded"]["requests"], report["requests"])
        self.assertEqual(figures["figures"]["serverless_share"], 0, "there is no such pool")
        self.assertGreater(figures["as_recorded"]["serverless_share"], 0)

    def test_what_is_no_recording_is_refused(self):
        file = self.directory / "page"
        file.write_text("<html>")
        result = replay(file)
        self.assertEqual(result.returncode, 65)
        self.assertIn("at byte 0", result.stderr)
        self.assertEqual(replay(self.directory / "nothing").returncode, 66)

    def test_nothing_is_recorded_where_it_is_switched_off(self):
        gateway = self.gateway(memory="0")
        address = gateway.status_address
        self.assertEqual(ask(address, "GET", "/recordings/app").status, 404)
        self.assertEqual(ask(address, "GET", "/recordings/other").status, 404)


if __name__ == "__main__":
    unittest.main(verbosity=2)
