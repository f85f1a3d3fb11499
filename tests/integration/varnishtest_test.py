"""What needs a live server and exact bytes on both sides of it: the scripts of vtc/, by varnishtest
(its `client` and `server` alone; no Varnish runs). Each has a gateway of its own."""
import pathlib
import shutil
import socket
import subprocess
import time
import unittest

from harness import HERE, PATIENCE_S, Gateway, ProcessTest

CONFIG = """
services:
  - {{name: vtc, slo: 20s, repeatable: false,
     routes: [{{path: /large, gather_body: false}}, {{path: /talk, gather_body: false}}],
     always_on: {{backends: 'http://127.0.0.1:{port}'}},
     limits: {{max_body: 1MiB}}, health: {{enabled: false}}}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@unittest.skipUnless(shutil.which("varnishtest"), "needs varnishtest (package varnish)")
class Scripts(ProcessTest):
    def run_script(self, path):
        port = free_port()
        gateway = self.start(Gateway(config=CONFIG.format(port=port)))
        done = subprocess.run(
            ["varnishtest", "-b", "8M", "-t", str(PATIENCE_S), "-D", f"gateway={gateway.address}", "-D",
             f"backend=127.0.0.1 {port}", str(path)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * PATIENCE_S)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return gateway

    def test_a_client_that_ends_its_sending_side_counts_as_gone(self):
        """varnishtest cannot do half a close; docs/design/0004 has the reasons."""
        with socket.create_server(("127.0.0.1", 0)) as backend:
            gateway = self.start(Gateway(config=CONFIG.format(port=backend.getsockname()[1])))
            with socket.create_connection(("127.0.0.1", gateway.port), PATIENCE_S) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                attempt, _ = backend.accept()
                with attempt:
                    attempt.settimeout(PATIENCE_S)
                    self.assertIn(b"GET / HTTP/1.1\r\n", attempt.recv(65536))
                    client.shutdown(socket.SHUT_WR)
                    self.assertEqual(client.recv(65536), b"")
                    self.assertEqual(attempt.recv(65536), b"", "the attempt is given up")
        gateway.until_service(lambda s: s["requests"]["abandoned"] == 1, "it counts as left")

    def test_what_was_answered_reaches_a_client_that_has_ended_its_side(self):
        """Pipelined requests, then the end: the answers that are complete are sent."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            gateway = self.start(Gateway(config=CONFIG.format(port=listener.getsockname()[1])))
        with socket.create_connection(("127.0.0.1", gateway.port), PATIENCE_S) as client:
            client.sendall(b"BAD\r\n\r\n")
            client.shutdown(socket.SHUT_WR)
            received = b""
            while piece := client.recv(65536):
                received += piece
        self.assertTrue(received.startswith(b"HTTP/1.1 400 "), received)


def add(path):
    def test(self):
        self.run_script(path)
    test.__doc__ = path.read_text().splitlines()[0].split('"')[1]
    setattr(Scripts, f"test_{path.stem}", test)


for script in sorted(pathlib.Path(HERE / "vtc").glob("*.vtc")):
    add(script)

if __name__ == "__main__":
    unittest.main(verbosity=2)
