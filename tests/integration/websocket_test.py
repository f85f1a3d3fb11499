"""WebSockets through the gateway: python3-websockets and Node's ws as clients and servers."""
import asyncio
import json
import os
import signal
import ssl
import subprocess
import sys
import unittest

import websockets

from harness import (HERE, PATIENCE_S, App, Gateway, ProcessTest, Runtime, Server, ask, eventually)
from tls import Authority

NODE = "/usr/bin/node"
NODE_ENV = {"NODE_PATH": "/usr/share/nodejs"}
PEER_JS = str(HERE / "websocket_peer.js")
HAVE_NODE = os.path.exists(NODE) and os.path.isdir("/usr/share/nodejs/ws")

CONFIG = """
drain_timeout: 5s
services:
  - name: chat
    slo: 5s
    {pool}: {{backends: '{url}', concurrency: {concurrency}}}
    timeouts: {{tunnel_idle: {idle}}}
"""


class WebSocketApp(Server):
    def __init__(self):
        super().__init__(sys.executable, str(HERE / "websocket_app.py"))
        self.address = self.line(r"listening on (\S+)").group(1)


class NodeApp(Server):
    def __init__(self):
        super().__init__(NODE, PEER_JS, "server", env=NODE_ENV)
        self.address = self.line(r"listening on (\S+)").group(1)


class WebSockets(ProcessTest):
    backend = WebSocketApp

    def setUp(self):
        self.app = self.start(self.backend())

    def gateway(self, idle="5m", concurrency=8, pool="always_on", url=None, more="", **options):
        config = more + CONFIG.format(pool=pool, url=url or self.app.url, idle=idle,
                                      concurrency=concurrency)
        return self.start(Gateway(config=config, **options))

    def run_with(self, gateway, work, path="/echo", scheme="ws", address=None, **options):
        """Runs `work(socket)`, a coroutine, with an open WebSocket."""
        async def connected():
            url = f"{scheme}://{address or gateway.address}{path}"
            async with websockets.connect(url, max_size=None, ping_interval=None, compression=None,
                                          open_timeout=PATIENCE_S, **options) as socket:
                return await work(socket)
        return asyncio.run(asyncio.wait_for(connected(), PATIENCE_S))

    @staticmethod
    async def echoes(socket):
        messages = ["hello", "", b"\0\xff" * 5, "é" * 70_000, bytes(range(256)) * 40_000]
        for message in messages:
            await socket.send(message)
        for message in messages:
            assert await socket.recv() == message, f"{len(message)} did not come back"
        await socket.send([b"one ", b"two ", b"three"])  # one message in three frames
        assert await socket.recv() == b"one two three"
        await (await socket.ping(b"are you there"))

    @staticmethod
    async def until_closed(socket):
        try:
            await socket.recv()
        except websockets.ConnectionClosed as closed:
            return closed.rcvd and closed.rcvd.code
        raise AssertionError("a message came instead of the end")

    def until_tunnels(self, gateway, count):
        return gateway.until_service(
            lambda s: s["tunnels"]["open"] == count and s["requests"]["in_flight"] == count,
            f"{count} tunnels")


class Messages(WebSockets):
    def test_messages_of_all_kinds_come_back(self):
        gateway = self.gateway()
        self.run_with(gateway, self.echoes)
        service = self.until_tunnels(gateway, 0)
        self.assertEqual(service["requests"]["over"]["always_on"]["1xx"], 1)
        self.assertEqual(service["requests"]["broken_off"], 0)
        self.assertEqual(service["attempts"]["always_on"]["ok"], 1)
        line = eventually(gateway.access_log, "the access log")[0]
        self.assertEqual((line["httpRequest"]["status"], line["upgrade"]), (101, "websocket"))
        self.assertGreater(int(line["httpRequest"]["responseSize"]), 10_000_000)

    def test_many_at_a_time(self):
        gateway = self.gateway(concurrency=100)

        async def work():
            url = f"ws://{gateway.address}/echo"
            sockets = await asyncio.gather(*(
                websockets.connect(url, max_size=None) for _ in range(50)))
            await asyncio.gather(*(self.echoes(socket) for socket in sockets))
            for socket in sockets:
                await socket.close()
        asyncio.run(asyncio.wait_for(work(), PATIENCE_S))
        self.assertEqual(self.until_tunnels(gateway, 0)["tunnels"]["ended"], 50)

    def test_a_slow_reader_gets_everything(self):
        gateway = self.gateway()

        async def slowly(socket):
            for number in range(200):
                message = await socket.recv()
                assert message == number.to_bytes(4, "big") * 50_000, number
                if number < 10:
                    await asyncio.sleep(0.02)
        self.run_with(gateway, slowly, path="/burst/200/200000", max_queue=1)
        self.assertEqual(gateway.memory("VmHWM") // (32 << 20), 0, "40 MB are not held")

    def test_an_answer_that_is_no_101_passes_on(self):
        gateway = self.gateway()
        with self.assertRaises(websockets.InvalidStatusCode) as refused:
            self.run_with(gateway, self.echoes, path="/refuse")
        self.assertEqual(refused.exception.status_code, 403)
        self.assertEqual(refused.exception.headers["X-Why"], "test")

    def test_h2c_is_answered_in_http_1(self):
        app = self.start(App())
        gateway = self.gateway(url=app.url)
        done = subprocess.run(
            ["curl", "-sS", "--http2", "-o", "/dev/null", "-w", "%{http_version} %{response_code}",
             f"http://{gateway.address}/"], capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual(done.stdout, "1.1 200", done.stderr)

    def test_through_tls(self):
        authority = self.start(Authority())
        certificate, key = authority.issue()
        gateway = self.gateway(
            listen="https://127.0.0.1:0",
            more=f"tls: {{certificates: [{{certificate: {certificate}, key: {key}}}]}}\n")
        context = ssl.create_default_context(cafile=authority.ca_file)
        address = gateway.address.removeprefix("https://")
        self.run_with(gateway, self.echoes, scheme="wss", address=address, ssl=context)
        self.assertEqual(self.until_tunnels(gateway, 0)["tunnels"]["ended"], 1)


class Ends(WebSockets):
    def test_the_client_closes(self):
        gateway = self.gateway()

        async def close(socket):
            await socket.send("x")
            await socket.recv()
            await socket.close(4001, "done")
            return socket.close_code
        self.assertEqual(self.run_with(gateway, close), 4001)
        self.assertEqual(self.until_tunnels(gateway, 0)["attempts"]["always_on"]["ok"], 1)

    def test_the_server_closes(self):
        gateway = self.gateway()

        async def closed_by(socket):
            await socket.send("x")
            return await self.until_closed(socket)
        self.assertEqual(self.run_with(gateway, closed_by, path="/close/4003"), 4003)
        self.until_tunnels(gateway, 0)

    def test_silence_ends_it(self):
        gateway = self.gateway(idle="700ms")
        self.assertIsNone(self.run_with(gateway, self.until_closed, path="/listen"))
        self.assertEqual(self.until_tunnels(gateway, 0)["tunnels"]["ended_idle"], 1)

    def test_pings_keep_it_open(self):
        gateway = self.gateway(idle="2s")

        async def ping(socket):
            for _ in range(20):
                await asyncio.sleep(0.2)
                await (await socket.ping())
        self.run_with(gateway, ping, path="/listen")
        self.assertEqual(self.until_tunnels(gateway, 0)["tunnels"]["ended_idle"], 0)

    def test_a_backend_that_is_killed_ends_its_tunnels(self):
        gateway = self.gateway()

        async def lose(socket):
            await socket.send("x")
            await socket.recv()
            self.app.kill()
            return await self.until_closed(socket)
        self.assertIsNone(self.run_with(gateway, lose))
        self.until_tunnels(gateway, 0)

    def test_a_client_that_is_killed_frees_the_slot(self):
        gateway = self.gateway()
        code = ("import asyncio, websockets\n"
                "async def main():\n"
                f"    async with websockets.connect('ws://{gateway.address}/listen') as socket:\n"
                "        await socket.recv()\n"
                "asyncio.run(main())\n")
        client = subprocess.Popen([sys.executable, "-c", code])
        try:
            self.until_tunnels(gateway, 1)
        finally:
            client.kill()
            client.wait()
        self.until_tunnels(gateway, 0)

    def test_drain(self):
        gateway = self.gateway()

        async def drain(socket):
            gateway.signal(signal.SIGTERM)
            gateway.line("draining")
            await socket.send("still here")
            assert await socket.recv() == "still here"
            return await self.until_closed(socket)
        self.assertIsNone(self.run_with(gateway, drain))
        self.assertEqual(gateway.ended(), 0)
        self.assertTrue(any(line.get("upgrade") for line in gateway.access_log()))


class Slots(WebSockets):
    def test_a_tunnel_is_an_attempt_in_flight(self):
        gateway = self.gateway(concurrency=1)

        async def full(socket):
            self.until_tunnels(gateway, 1)
            refused = await asyncio.to_thread(ask, gateway.address, "GET", "/echo", headers={
                "warmgate-timeout": "300ms"})
            self.assertEqual(refused.status, 429)
            metrics = await asyncio.to_thread(ask, gateway.status_address, "GET", "/metrics")
            self.assertIn(b'warmgate_tunnels_open{service="chat"} 1\n', metrics.body)
            self.assertIn(b'warmgate_pool_in_flight{service="chat",pool="always-on"} 1\n',
                          metrics.body)
        self.run_with(gateway, full, path="/listen")
        self.until_tunnels(gateway, 0)


class Cold(WebSockets):
    def test_it_waits_for_an_instance_and_keeps_it(self):
        runtime = self.start(Runtime(command=[sys.executable, str(HERE / "websocket_app.py")]))
        gateway = self.gateway(pool="serverless", url=runtime.url)

        async def stay(socket):
            await self.echoes(socket)
            await asyncio.to_thread(runtime.until_in_flight, 1)
        self.run_with(gateway, stay)
        runtime.until_in_flight(0)
        self.assertEqual(self.until_tunnels(gateway, 0)["tunnels"]["ended"], 1)
        self.assertEqual(runtime.status()["counters"]["starts"], 1)


@unittest.skipUnless(HAVE_NODE, "node-ws is not installed")
class Node(WebSockets):
    def client(self, gateway):
        done = subprocess.run([NODE, PEER_JS, "client", f"ws://{gateway.address}/echo"],
                              capture_output=True, text=True, timeout=PATIENCE_S,
                              env={**os.environ, **NODE_ENV})
        seen = json.loads(done.stdout or "null")
        self.assertEqual(seen, {"messages": [True] * 4, "pong": "are you there", "code": 4002,
                                "reason": "enough"}, done.stderr)

    def test_node_client_and_python_server(self):
        gateway = self.gateway()
        self.client(gateway)
        self.until_tunnels(gateway, 0)

    def test_node_on_both_sides(self):
        gateway = self.gateway(url=self.start(NodeApp()).url)
        self.client(gateway)
        self.until_tunnels(gateway, 0)

    def test_python_client_and_node_server(self):
        gateway = self.gateway(url=self.start(NodeApp()).url)
        self.run_with(gateway, self.echoes)
        self.until_tunnels(gateway, 0)


if __name__ == "__main__":
    unittest.main()
