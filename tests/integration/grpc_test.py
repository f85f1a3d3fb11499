"""gRPC through the gateway: clients and servers are those of grpcio, from Debian."""
import pathlib
import queue
import sys
import unittest

import grpc

from harness import PATIENCE_S, App, Gateway, ProcessTest, Runtime, Server, eventually

GRPC_APP = str(pathlib.Path(__file__).with_name("grpc_app.py"))
LARGE = bytes(range(256)) * 12_000  # 3 MB


class GrpcApp(Server):
    """grpc_app.py as a server of its own."""

    def __init__(self):
        super().__init__(sys.executable, GRPC_APP, env={"PORT": "0"})
        self.address = self.line(r"listening on (\S+)").group(1)


class Client:
    """A context manager: a channel to the gateway, whose messages are bytes."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(
            address, options=(("grpc.max_receive_message_length", -1), ("grpc.enable_retries", 0)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def unary(self, message, timeout=PATIENCE_S, **more):
        return self.channel.unary_unary("/t.Test/Unary")(message, timeout=timeout, **more)

    def failure(self, *arguments, **more):
        try:
            self.unary(*arguments, **more)
        except grpc.RpcError as error:
            return error
        raise AssertionError("the call did not fail")


CHECK = "/grpc.health.v1.Health/Check"


def config(*urls, pool="always_on", more=""):
    return f"""
services:
  - name: test
    slo: 20s
    {pool}: {{backends: [{", ".join(repr(url) for url in urls)}], protocol: h2, concurrency: 64{more}}}
    health: {{path: {CHECK}, interval: 100ms}}
    wake: {{path: {CHECK}}}
"""


class Grpc(ProcessTest):
    def through(self, *backends, **options):
        self.gateway = self.start(Gateway(config=config(*(b.url for b in backends), **options)))
        return self.start(Client(self.gateway.address))


class Calls(Grpc):
    app_class = GrpcApp

    def setUp(self):
        self.app = self.start(self.app_class())
        self.client = self.through(self.app)

    def test_messages_of_every_size(self):
        for message in (b"", b"x", b"y" * 70_000, LARGE):
            self.assertTrue(self.client.unary(message) == message)

    def test_many_at_a_time(self):
        call = self.client.channel.unary_unary("/t.Test/Unary")
        futures = [call.future(b"%d" % i, timeout=PATIENCE_S) for i in range(300)]
        self.assertEqual([future.result() for future in futures], [b"%d" % i for i in range(300)])

    def test_a_stream_of_answers(self):
        answers = self.client.channel.unary_stream("/t.Test/Count")(b"1000", timeout=PATIENCE_S)
        self.assertEqual([int(answer) for answer in answers], list(range(1000)))
        none = self.client.channel.unary_stream("/t.Test/Count")(b"0", timeout=PATIENCE_S)
        self.assertEqual(list(none), [])

    def test_a_stream_of_requests(self):
        total = self.client.channel.stream_unary("/t.Test/Total")
        self.assertEqual(total((b"x" * 10_000 for _ in range(200)), timeout=PATIENCE_S), b"2000000")
        self.assertEqual(total(iter(()), timeout=PATIENCE_S), b"0")

    def test_ping_pong(self):
        """Each message waits for the answer to the one before: nothing is held back anywhere."""
        to_send = queue.Queue()
        answers = self.client.channel.stream_stream("/t.Test/Echo")(iter(to_send.get, None),
                                                                    timeout=PATIENCE_S)
        for i in range(50):
            to_send.put(b"%d" % i)
            self.assertEqual(next(answers), b"echo %d" % i)
        to_send.put(None)
        self.assertEqual(list(answers), [])
        self.assertEqual(answers.code(), grpc.StatusCode.OK)

    def test_status_and_metadata_pass(self):
        call = self.client.channel.unary_unary("/t.Test/Unary")
        answer, made = call.with_call(b"x", timeout=PATIENCE_S, metadata=(("x-ask", "abc"),))
        self.assertIn(("x-answer", "abc"), made.initial_metadata())
        self.assertIn(("x-trailer", "abc"), made.trailing_metadata())
        failure = self.client.failure(b"status 5 no such digit: \xc3\xa9")
        self.assertEqual(failure.code(), grpc.StatusCode.NOT_FOUND)
        self.assertEqual(failure.details(), "no such digit: \u00e9")
        unknown = self.client.channel.unary_unary("/t.Test/Unknown")
        with self.assertRaises(grpc.RpcError) as raised:
            unknown(b"", timeout=PATIENCE_S)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_a_cancelled_call_is_cancelled_at_the_backend(self):
        answers = self.client.channel.unary_stream("/t.Test/Wait")(b"", timeout=PATIENCE_S)
        self.assertEqual(next(answers), b"begun")
        answers.cancel()
        self.app.line("cancelled")
        self.gateway.until_service(lambda s: s["pools"]["always_on"]["in_flight"] == 0,
                                   "nothing runs")
        self.assertEqual(self.client.unary(b"next"), b"next")

    def test_a_deadline_passes_with_the_call(self):
        failure = self.client.failure(b"hold", timeout=0.5)
        self.assertEqual(failure.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertEqual(self.client.unary(b"next"), b"next")

    def test_health_is_the_gateways_own(self):
        check = self.client.channel.unary_unary("/grpc.health.v1.Health/Check")
        self.assertEqual(check(b"", timeout=PATIENCE_S), b"\x08\x01")
        self.assertEqual(check(b"\x0a\x04test", timeout=PATIENCE_S), b"\x08\x01")
        with self.assertRaises(grpc.RpcError) as raised:
            check(b"\x0a\x05other", timeout=PATIENCE_S)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.NOT_FOUND)


class Failures(Grpc):
    def test_a_backend_that_is_gone_is_unavailable(self):
        app = self.start(GrpcApp())
        client = self.through(app)
        app.kill()
        failure = client.failure(b"x")
        self.assertEqual(failure.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertIn("warmgate-reason", dict(failure.initial_metadata()) |
                      dict(failure.trailing_metadata()))

    def test_a_call_of_one_message_survives_the_death_of_its_backend(self):
        apps = [self.start(GrpcApp()) for _ in range(2)]
        client = self.through(*apps)
        call = client.channel.unary_unary("/t.Test/Unary").future(b"hold", timeout=PATIENCE_S)
        holder = eventually(lambda: next((a for a in apps if "unary hold" in a.lines), None),
                            "a backend has the call")
        other = apps[1 - apps.index(holder)]
        other.raise_flag("go")
        holder.kill()
        self.assertEqual(call.result(), b"hold")

    def test_unavailable_is_tried_elsewhere(self):
        """A server that says UNAVAILABLE is asked no more where another one can answer."""
        apps = [self.start(GrpcApp()) for _ in range(2)]
        client = self.through(*apps)
        failure = client.failure(b"status 14 not now")
        self.assertEqual(failure.code(), grpc.StatusCode.UNAVAILABLE)
        asked = sum(line.startswith("unary status") for app in apps for line in app.lines)
        self.assertGreaterEqual(asked, 2)

    def test_without_http2_behind_it_is_refused(self):
        app = self.start(App())
        gateway = self.start(Gateway("--always-on", app.url))
        client = self.start(Client(gateway.address))
        failure = client.failure(b"x")
        self.assertEqual(failure.code(), grpc.StatusCode.UNIMPLEMENTED)
        self.assertIn("protocol: h2", failure.details())


class ColdStarts(Grpc):
    def test_a_server_that_sleeps(self):
        runtime = self.start(Runtime("--http2", "--concurrency", "8", "--max-instances", "2",
                                     command=[sys.executable, GRPC_APP]))
        client = self.through(runtime, pool="serverless", more=", max_instances: 2")
        self.assertEqual(client.unary(b"good morning"), b"good morning")
        answers = client.channel.unary_stream("/t.Test/Count")(b"100", timeout=PATIENCE_S)
        self.assertEqual(len(list(answers)), 100)
        self.assertTrue(client.unary(LARGE) == LARGE)

    def test_is_woken_by_its_health_service(self):
        """Beside an always-on server that is full: the wake proves that the instance serves."""
        app = self.start(GrpcApp())
        runtime = self.start(Runtime("--http2", "--concurrency", "8", "--max-instances", "2",
                                     command=[sys.executable, GRPC_APP]))
        gateway = self.start(Gateway(config=f"""
services:
  - name: test
    slo: 20s
    always_on: {{backends: '{app.url}', protocol: h2, concurrency: 1}}
    serverless: {{backends: '{runtime.url}', protocol: h2, concurrency: 8, max_instances: 2}}
    health: {{path: {CHECK}, interval: 100ms}}
    wake: {{path: {CHECK}}}
"""))
        client = self.start(Client(gateway.address))
        call = client.channel.unary_unary("/t.Test/Unary")
        held = call.future(b"hold", timeout=PATIENCE_S)
        app.line("unary hold")
        self.assertEqual(client.unary(b"waits for the start"), b"waits for the start")
        gateway.until_service(lambda s: s["pools"]["serverless"]["state"] == "warm", "warm")
        app.raise_flag("go")
        self.assertEqual(held.result(), b"hold")


if __name__ == "__main__":
    unittest.main()
