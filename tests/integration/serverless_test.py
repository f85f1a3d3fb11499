"""`warmgate serverless` with real processes. Run by ctest; WARMGATE names the program."""
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import unittest

from harness import PATIENCE_S, WARMGATE, Runtime, eventually, in_flight, process_state


def named(status, instance):
    return next((i for i in status["instances"] if i["name"] == instance), None)


class Starting(unittest.TestCase):
    def test_any_command_that_listens_on_port(self):
        command = [sys.executable, "-m", "http.server", "$PORT"]
        with Runtime(command=command) as runtime:
            status = runtime.status()
            self.assertEqual(status["instances"], [], "status and start-up start nothing")
            self.assertEqual(runtime.get("/").status, 200)
            self.assertEqual(runtime.get("/no-such-file").status, 404)
            status = runtime.until_in_flight(0)
            self.assertEqual(status["counters"]["starts"], 1)
            self.assertEqual(status["counters"]["served"], 2)
            self.assertEqual([i["state"] for i in status["instances"]], ["idle"])
            self.assertGreater(status["billable"]["request"]["seconds"], 0)
            self.assertGreater(status["billable"]["instance"]["usd"], 0)

    def test_container_contract(self):
        with Runtime("--service", "digits") as runtime:
            env = json.loads(runtime.get().body)["env"]
            instance = runtime.status()["instances"][0]
            self.assertEqual(env, {"PORT": str(instance["port"]), "K_SERVICE": "digits",
                                   "K_REVISION": "digits-00001", "K_CONFIGURATION": "digits",
                                   "WARMGATE_INSTANCE": instance["name"]})
            runtime.line(rf"^{instance['name']} \| app begins$")

    def test_http_probe_holds_traffic_back(self):
        with Runtime("--startup-probe", "/ready") as runtime:
            answer = runtime.begin("/")
            runtime.until(lambda s: s["waiting"] == 1 and s["instances"], "a start")
            self.assertEqual(runtime.status()["instances"][0]["state"], "starting")
            self.assertFalse(answer.done())
            runtime.raise_flag("ready")
            self.assertEqual(answer.result().status, 200)

    def test_start_delay_comes_before_the_process(self):
        with Runtime("--start-delay", "500ms") as runtime:
            answer = runtime.begin("/")
            status = runtime.until(lambda s: s["instances"], "an order")
            self.assertEqual((status["instances"][0]["state"], status["instances"][0]["pid"]),
                             ("delayed", 0))
            self.assertEqual(answer.result().status, 200)
            self.assertGreaterEqual(runtime.status()["mean_start_s"], 0.5)

    def test_start_that_fails_is_503(self):
        with Runtime(command=["false"]) as runtime:
            answer = runtime.get()
            self.assertEqual((answer.status, answer.getheader("warmgate-serverless-reason")),
                             (503, "could-not-start"))
            self.assertEqual(runtime.status()["counters"]["start_failures"], 1)

    def test_start_that_takes_too_long_is_killed(self):
        with Runtime("--start-limit", "300ms", command=["sleep", "1000"]) as runtime:
            answer = runtime.begin("/")
            pid = runtime.until(lambda s: s["instances"] and s["instances"][0]["pid"],
                                "a process")["instances"][0]["pid"]
            self.assertEqual(answer.result().status, 503)
            eventually(lambda: process_state(pid) is None, "the process is killed")

    def test_minimum_instances(self):
        with Runtime("--min-instances", "2") as runtime:
            all_idle = lambda s: [i["state"] for i in s["instances"]] == ["idle", "idle"]
            status = runtime.until(all_idle, "two idle instances without a request")
            killed = status["instances"][0]
            os.kill(killed["pid"], signal.SIGKILL)
            runtime.until(lambda s: all_idle(s) and not named(s, killed["name"]), "a replacement")


class Scaling(unittest.TestCase):
    def test_concurrency_is_a_cap(self):
        with Runtime("--concurrency", "2", "--max-instances", "1") as runtime:
            answers = [runtime.begin("/hold/gate") for _ in range(5)]
            status = runtime.until(lambda s: in_flight(s) == 2 and s["waiting"] == 3,
                                   "two in flight, three waiting")
            runtime.raise_flag("gate")
            self.assertEqual([a.result().status for a in answers], [200] * 5)
            self.assertLessEqual(json.loads(runtime.get().body)["most_running"], 2)

    def test_waiting_requests_scale_out_to_the_limit(self):
        with Runtime("--concurrency", "1", "--max-instances", "3") as runtime:
            answers = [runtime.begin("/hold/gate") for _ in range(4)]
            status = runtime.until(lambda s: in_flight(s) == 3 and s["waiting"] == 1,
                                   "three in flight, one waiting")
            self.assertEqual([i["state"] for i in status["instances"]], ["serving"] * 3)
            runtime.raise_flag("gate")
            pids = {json.loads(a.result().body)["pid"] for a in answers}
            self.assertEqual(len(pids), 3)

    def test_mean_demand_scales_out(self):
        with Runtime("--concurrency", "10", "--scale-window", "1s") as runtime:
            answers = [runtime.begin("/hold/gate") for _ in range(8)]  # the target is 6
            runtime.until(lambda s: len(s["instances"]) == 2, "a second instance, none waiting")
            runtime.raise_flag("gate")
            self.assertEqual([a.result().status for a in answers], [200] * 8)

    def test_waiting_too_long_is_429(self):
        with Runtime("--concurrency", "1", "--max-instances", "1", "--wait-factor", "0",
                     "--wait-least", "2s") as runtime:
            eventually(lambda: runtime.get().status == 200, "an instance, on however slow a machine")
            refused = runtime.status()["counters"]["rejected_429"]
            first = runtime.begin("/hold/gate")
            runtime.until_in_flight(1)
            second = runtime.get()
            self.assertEqual((second.status, second.getheader("warmgate-serverless-reason")),
                             (429, "no-instance-in-time"))
            runtime.raise_flag("gate")
            self.assertEqual(first.result().status, 200)
            self.assertEqual(runtime.status()["counters"]["rejected_429"], refused + 1)

    def test_idle_instances_end(self):
        with Runtime("--idle-timeout", "300ms") as runtime:
            pid = json.loads(runtime.get().body)["pid"]
            status = runtime.until(lambda s: not s["instances"], "no instance is left")
            self.assertIsNone(process_state(pid))
            self.assertEqual((status["counters"]["stops"], status["counters"]["crashes"]), (1, 0))
            self.assertNotEqual(json.loads(runtime.get().body)["pid"], pid)

    def test_idle_instances_are_throttled(self):
        with Runtime("--throttle-idle") as runtime:
            pid = json.loads(runtime.get().body)["pid"]
            eventually(lambda: process_state(pid) == "T", "the idle process is stopped")
            self.assertTrue(runtime.status()["instances"][0]["throttled"])
            held = runtime.begin("/hold/gate")
            eventually(lambda: process_state(pid) in ("S", "R"), "it runs for a request")
            runtime.raise_flag("gate")
            self.assertEqual(json.loads(held.result().body)["pid"], pid)
            eventually(lambda: process_state(pid) == "T", "it is stopped again")
            self.assertEqual(runtime.stop(), 0)
            self.assertIsNone(process_state(pid))


class Failing(unittest.TestCase):
    def test_crash_loses_only_its_own_requests(self):
        with Runtime("--concurrency", "1", "--max-instances", "2") as runtime:
            held = runtime.begin("/hold/gate")
            runtime.until_in_flight(1)
            crashed = runtime.get("/crash")
            self.assertEqual((crashed.status, crashed.getheader("warmgate-serverless-reason")),
                             (502, "instance-broke"))
            status = runtime.until(lambda s: s["counters"]["starts"] == 3, "a replacement")
            self.assertEqual(status["counters"]["crashes"], 1)
            self.assertEqual(runtime.get().status, 200)
            runtime.raise_flag("gate")
            self.assertEqual(held.result().status, 200)
            self.assertEqual(runtime.status()["counters"]["lost"], 1)

    def test_kill_of_an_instance_at_work(self):
        with Runtime("--concurrency", "2", "--max-instances", "1") as runtime:
            held = [runtime.begin("/hold/gate") for _ in range(3)]
            status = runtime.until(lambda s: in_flight(s) == 2 and s["waiting"] == 1,
                                   "two in flight, one waiting")
            os.kill(status["instances"][0]["pid"], signal.SIGKILL)
            runtime.until(lambda s: s["counters"]["crashes"] == 1, "it is noticed")
            runtime.raise_flag("gate")
            self.assertEqual(sorted(a.result().status for a in held), [200, 502, 502])

    def test_crash_within_a_response_is_seen_as_broken(self):
        with Runtime() as runtime:
            connection = http.client.HTTPConnection(runtime.address, timeout=PATIENCE_S)
            connection.request("GET", "/crash-midway/gate")
            response = connection.getresponse()
            self.assertEqual((response.status, response.read(5)), (200, b"begun"))
            runtime.raise_flag("gate")
            with self.assertRaises((http.client.IncompleteRead, ConnectionResetError)):
                response.read()
            connection.close()

    def test_request_limit_is_504(self):
        with Runtime("--request-timeout", "3s") as runtime:
            eventually(lambda: runtime.get().status == 200, "an instance, on however slow a machine")
            self.assertEqual(runtime.get("/hold/gate").status, 504)
            self.assertEqual(runtime.status()["instances"][0]["in_flight"], 0)

    def test_oversized_requests_are_413(self):
        with Runtime("--max-request-bytes", "1000") as runtime:
            self.assertEqual(runtime.request("POST", "/", b"x" * 1001).status, 413)
            self.assertEqual(runtime.status()["counters"]["starts"], 0, "known from its head")
            pieces = iter([b"x" * 600, b"x" * 600])
            answer = runtime.request("POST", "/", pieces, {"Transfer-Encoding": "chunked"}, True)
            self.assertEqual(answer.status, 413)
            self.assertEqual(runtime.request("POST", "/", b"x" * 1000).status, 200)
            self.assertEqual(runtime.status()["counters"]["rejected_413"], 2)

    def test_client_that_leaves_frees_its_place(self):
        with Runtime("--concurrency", "1", "--max-instances", "1") as runtime:
            host, port = runtime.address.split(":")
            leaver = socket.create_connection((host, int(port)))
            leaver.sendall(b"GET /hold/never HTTP/1.1\r\nHost: x\r\n\r\n")
            runtime.until_in_flight(1)
            leaver.close()
            self.assertEqual(runtime.get().status, 200)
            self.assertEqual(runtime.status()["counters"]["client_gone"], 1)
            runtime.raise_flag("never")


class Forwarding(unittest.TestCase):
    def test_response_streams(self):
        with Runtime() as runtime:
            host, port = runtime.address.split(":")
            client = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
            client.sendall(b"GET /stream/gate HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n\r\n")
            received = b""
            while b"data: one\n\n" not in received:
                received += client.recv(4096)
            runtime.raise_flag("gate")
            while not received.endswith(b"\r\n\r\n") or b"X-Sum" not in received:
                received += client.recv(4096)
            self.assertIn(b"data: two\n\n", received)
            self.assertTrue(received.endswith(b"0\r\nX-Sum: 2\r\n\r\n"), received)
            client.close()

    def test_large_bodies_pass_whole(self):
        with Runtime() as runtime:
            body = os.urandom(5_000_000)
            expected = {"bytes": len(body), "sum": sum(body) % 65536}
            pieces = (body[i:i + 70_000] for i in range(0, len(body), 70_000))
            for answer in (runtime.request("POST", "/", body),
                           runtime.request("POST", "/", pieces, {"Transfer-Encoding": "chunked"},
                                           True)):
                received = json.loads(answer.body)
                self.assertEqual({key: received[key] for key in expected}, expected)

    def test_fields(self):
        with Runtime() as runtime:
            answer = runtime.request("GET", "/headers", headers={
                "Host": "model.example", "Connection": "X-Private", "X-Private": "1",
                "Authorization": "Bearer t", "X-Forwarded-For": "192.0.2.1"})
            fields = json.loads(answer.body)
            self.assertEqual(fields["Host"], "model.example")
            self.assertEqual(fields["Authorization"], "Bearer t")
            self.assertEqual(fields["X-Forwarded-For"], "192.0.2.1, 127.0.0.1")
            self.assertEqual(fields["X-Forwarded-Proto"], "http")
            self.assertNotIn("X-Private", fields)

    def test_head_has_no_body(self):
        with Runtime() as runtime:
            answer = runtime.request("HEAD", "/")
            self.assertEqual((answer.status, answer.body), (200, b""))
            self.assertGreater(int(answer.getheader("Content-Length")), 0)


class Ending(unittest.TestCase):
    def test_sigterm_ends_all(self):
        with Runtime("--concurrency", "1", app_flags=["child"]) as runtime:
            held = [runtime.begin("/hold/gate") for _ in range(2)]
            status = runtime.until_in_flight(2)
            pids = [i["pid"] for i in status["instances"]]
            pids.append(int((runtime.flags / "child").read_text()))
            self.assertEqual(runtime.stop(), 0)
            self.assertEqual([process_state(pid) for pid in pids], [None] * 3)
            for answer in held:
                self.assertTrue(answer.exception() or answer.result().status == 502)

    def test_instance_that_ignores_sigterm_is_killed(self):
        with Runtime("--stop-grace", "300ms", app_flags=["stubborn"]) as runtime:
            pid = json.loads(runtime.get().body)["pid"]
            self.assertEqual(runtime.stop(), 0)
            self.assertIsNone(process_state(pid))

    def test_second_signal_does_not_wait(self):
        with Runtime("--stop-grace", "1h", app_flags=["stubborn"]) as runtime:
            pid = json.loads(runtime.get().body)["pid"]
            runtime.process.send_signal(signal.SIGINT)
            runtime.line("shutting down")
            self.assertEqual(runtime.stop(), 0)
            self.assertIsNone(process_state(pid))

    def test_kill_of_the_runtime_leaves_no_instance(self):
        with Runtime() as runtime:
            pid = json.loads(runtime.get().body)["pid"]
            runtime.process.kill()
            runtime.process.wait()
            eventually(lambda: process_state(pid) is None, "the instance dies too")


class Refusing(unittest.TestCase):
    def fails(self, *arguments):
        result = subprocess.run([WARMGATE, "serverless", *arguments], capture_output=True,
                                text=True, timeout=PATIENCE_S, check=False)
        return result.returncode, result.stderr

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            port = str(holder.getsockname()[1])
            status, message = self.fails("--port", port, "--", "true")
            self.assertEqual(status, 69)
            self.assertIn(f"port {port} is in use", message)
            status, message = self.fails("--port", "0", "--status", f"127.0.0.1:{port}", "--",
                                         "true")
            self.assertEqual(status, 69)
            self.assertIn("--status", message)

    def test_command_that_is_not_there(self):
        status, message = self.fails("--port", "0", "--", "no-such-command")
        self.assertEqual(status, 127)
        self.assertIn("no-such-command", message)

    def test_values_out_of_range(self):
        for flags, named_flag in ((("--concurrency", "0"), "--concurrency"),
                                  (("--request-timeout", "2h"), "--request-timeout"),
                                  (("--min-instances", "11"), "--min-instances")):
            status, message = self.fails("--port", "0", *flags, "--", "true")
            self.assertEqual(status, 64)
            self.assertIn(named_flag, message)


if __name__ == "__main__":
    unittest.main(verbosity=2)
