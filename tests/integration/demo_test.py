"""`warmgate demo`: that it leaves nothing behind, and goes round ports that are in use. Whether its
figures are what they should be takes two minutes of a quiet machine: `make demo`."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import unittest

WARMGATE = os.environ.get("WARMGATE", "warmgate")
REPOSITORY = pathlib.Path(__file__).parents[2]
PATIENCE_S = 120


def children_of(pid):
    """Ids of the processes that `pid` started, and of those that they started."""
    found = []
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child)] + children_of(int(child))
    return found


def is_running(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


class DemoTest(unittest.TestCase):
    def demo(self, *arguments):
        process = subprocess.Popen([WARMGATE, "demo", *arguments], cwd=REPOSITORY, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def read_until(self, process, pattern):
        for line in process.stdout:
            if match := re.search(pattern, line):
                return match
        self.fail(f"the demo ended without saying {pattern!r}")

    def wait_for_end(self, pids):
        deadline = time.monotonic() + PATIENCE_S
        while any(map(is_running, pids)):
            self.assertLess(time.monotonic(), deadline, "something that the demo started lives on")
            time.sleep(0.02)

    def test_an_interrupt_ends_everything(self):
        process = self.demo()
        self.read_until(process, r"1/\d+ s")
        children = children_of(process.pid)
        self.assertGreaterEqual(len(children), 1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE_S), 130)
        self.assertIn("interrupted", process.stdout.read())
        self.wait_for_end(children)

    def test_not_even_its_sudden_death_leaves_anything(self):
        process = self.demo()
        self.read_until(process, r"1/\d+ s")
        children = children_of(process.pid)
        process.kill()
        self.wait_for_end(children)

    def test_a_port_in_use_is_replaced_and_that_is_said(self):
        try:
            taken = socket.create_server(("127.0.0.1", 9000))
        except OSError:
            taken = None  # somebody else holds it, which is as good
        try:
            process = self.demo()
            match = self.read_until(process, r"port 9000 is in use: \D+ takes (\d+)")
            self.assertNotEqual(match.group(1), "9000")
            self.read_until(process, r"A request takes")
        finally:
            if taken is not None:
                taken.close()

    def test_a_time_that_is_too_short_is_refused(self):
        process = self.demo("--duration", "5s")
        self.assertEqual(process.wait(PATIENCE_S), 64)
        self.assertIn("--duration must be from", process.stdout.read())


if __name__ == "__main__":
    unittest.main()
