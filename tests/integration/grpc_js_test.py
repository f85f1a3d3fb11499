"""gRPC through the gateway with grpc-js, from npm, as client and server: `make grpc-js` installs and
runs it. Skipped where it is not installed."""
import json
import os
import pathlib
import subprocess
import unittest

from grpc_test import Calls as PythonCalls
from grpc_test import Grpc, GrpcApp
from harness import HERE, PATIENCE_S, Server

NODE = "/usr/bin/node"
MODULES = os.environ.get("WARMGATE_NODE_MODULES",
                         str(HERE.parent.parent / "build" / "npm" / "node_modules"))
PEER_JS = str(HERE / "grpc_peer.js")
HAVE_GRPC_JS = pathlib.Path(NODE).exists() and (pathlib.Path(MODULES) / "@grpc" / "grpc-js").is_dir()


class GrpcJsApp(Server):
    """grpc_peer.js as a server."""

    def __init__(self):
        super().__init__(NODE, PEER_JS, "server", env={"PORT": "0", "NODE_PATH": MODULES})
        self.address = self.line(r"listening on (\S+)").group(1)


@unittest.skipUnless(HAVE_GRPC_JS, "grpc-js is not installed: make grpc-js")
class Client(Grpc):
    def check(self, app):
        self.through(app)
        done = subprocess.run([NODE, PEER_JS, "client", self.gateway.address], capture_output=True,
                              text=True, timeout=2 * PATIENCE_S,
                              env={**os.environ, "NODE_PATH": MODULES})
        self.assertEqual(json.loads(done.stdout or "null"), {
            "echoed": [True] * 3, "head": ["abc"], "trailers": ["abc"],
            "failed": [5, "no such digit"], "late": 4, "counted": 1000, "total": 2_000_000,
            "rounds": 50, "cancelled": 1}, done.stderr)

    def test_with_a_server_in_python(self):
        self.check(self.start(GrpcApp()))

    def test_on_both_sides(self):
        self.check(self.start(GrpcJsApp()))


@unittest.skipUnless(HAVE_GRPC_JS, "grpc-js is not installed: make grpc-js")
class Calls(PythonCalls):
    """All that Python's client does, with a server of grpc-js."""
    app_class = GrpcJsApp


del PythonCalls, Grpc  # their own tests are grpc_test.py's


if __name__ == "__main__":
    unittest.main()
