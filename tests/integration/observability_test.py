"""What the gateway says of itself, while real requests pass: access log, metrics, status, fields of
responses."""
import json
import re
import unittest

from harness import App, Gateway, ProcessTest, Runtime, ask, eventually

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\]|\\.)*",?)*)\})? '
                    r'([-+0-9.eE]+|NaN|[-+]?Inf)')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
TRACE = "0af7651916cd43dd8448eb211c80319c"


def parse_metrics(text):
    """{(name, labels as a frozenset): value}; every line is understood or this fails."""
    samples, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            types[name] = kind
        elif line and not line.startswith("# HELP "):
            match = SAMPLE.fullmatch(line)
            assert match, f"not a sample: {line}"
            name, labels, value = match.groups()
            family = re.sub(r"_(bucket|sum|count)$", "", name)
            assert name in types or family in types, f"without a type: {line}"
            key = (name, frozenset(LABEL.findall(labels or "")))
            assert key not in samples, f"twice: {line}"
            samples[key] = float(value)
    return samples


class Observability(ProcessTest):
    def setUp(self):
        self.app = self.start(App())
        self.runtime = self.start(Runtime("--concurrency", "4"))
        self.gateway = self.start(Gateway(
            "--always-on", self.app.url, "--serverless", self.runtime.url, "--slo", "5s",
            "--always-on-concurrency", "2", "--serverless-concurrency", "4"))

    def metrics(self):
        response = ask(self.gateway.status_address, "GET", "/metrics")
        self.assertEqual(response.status, 200)
        self.assertIn("text/plain; version=0.0.4", response.getheader("Content-Type"))
        return parse_metrics(response.body.decode())

    def test_access_log(self):
        self.gateway.get("/busy/1?x=%22", {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
                                           "User-Agent": 'a "tester"'})
        self.gateway.request("POST", "/echo", b"x" * 1000)
        self.gateway.get("/missing", {"warmgate-timeout": "nonsense"})
        eventually(lambda: len(self.gateway.lines) >= 2, "lines of the access log")
        first, second = self.gateway.access_log()[:2]
        self.assertEqual(first["severity"], "INFO")
        self.assertEqual(first["logging.googleapis.com/trace"], TRACE)
        self.assertEqual((first["service"], first["pool"], first["reason"], first["attempts"]),
                         ("default", "always-on", "unknown", 1))
        self.assertRegex(first["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$")
        self.assertGreaterEqual(first["queuedMs"], 0)
        http = first["httpRequest"]
        self.assertEqual((http["requestMethod"], http["requestUrl"], http["status"]),
                         ("GET", "/busy/1?x=%22", 200))
        self.assertEqual((http["remoteIp"], http["protocol"], http["userAgent"]),
                         ("127.0.0.1", "HTTP/1.1", 'a "tester"'))
        self.assertRegex(http["latency"], r"^\d+\.\d+s$")
        self.assertEqual(second["httpRequest"]["requestSize"], "1000")
        self.assertRegex(second["logging.googleapis.com/trace"], "^[0-9a-f]{32}$")

    def test_messages_are_json(self):
        self.assertEqual(self.gateway.stop(), 0)
        self.assertGreaterEqual(len(self.gateway.messages), 3)
        for line in self.gateway.messages:
            message = json.loads(line)
            self.assertLessEqual({"severity", "time", "component", "message"}, message.keys())

    def test_metrics_count_what_was_done(self):
        before = self.metrics()
        for _ in range(5):
            self.gateway.get("/busy/1")
        # The last byte is at the client a moment before the request is counted.
        labels = frozenset({("service", "default"), ("pool", "always-on"), ("code", "2xx")})
        key = ("warmgate_requests_total", labels)
        eventually(lambda: self.metrics()[key] == before[key] + 5, "five more requests")
        metrics = self.metrics()
        state = {dict(labels)["state"]: value for (name, labels), value in metrics.items()
                 if name == "warmgate_pool_state" and ("pool", "serverless") in labels}
        self.assertEqual(state["unknown"], 1)
        self.assertEqual(sum(state.values()), 1)
        buckets = [value for (name, labels), value in metrics.items()
                   if name == "warmgate_request_duration_seconds_bucket"
                   and ("pool", "always-on") in labels]
        self.assertEqual(max(buckets), 5)
        self.assertGreater(metrics[("process_resident_memory_bytes", frozenset())], 0)

    def test_series_do_not_depend_on_clients(self):
        def series():
            return {key for key in self.metrics() if "evidence_age" not in key[0]}

        self.gateway.get("/busy/1")  # what is learned has its series once it is
        before = eventually(lambda: any("learned" in key[0] for key in series()) and series(),
                            "something is learned")
        for path in ("/a", "/b?c", "/d/e"):
            self.gateway.get(path, {"Host": f"{path[1]}.example", "X-Any": path})
        self.assertEqual(series(), before)

    def test_status(self):
        self.gateway.get("/busy/1")
        status = self.gateway.until(
            lambda s: s["services"][0]["requests"]["over"]["always_on"]["2xx"] == 1, "it is over")
        self.assertEqual((status["ready"], status["draining"]), (True, False))
        service = status["services"][0]
        self.assertEqual((service["name"], service["slo_s"]), ("default", 5))
        pools = service["pools"]
        self.assertEqual(pools["always_on"]["state"], "warm")
        self.assertEqual(pools["serverless"]["state"], "unknown")
        self.assertEqual(pools["always_on"]["slots"], 2)
        self.assertEqual(pools["always_on"]["backends"][0]["url"], self.app.url)
        page = ask(self.gateway.status_address, "GET", "/")
        self.assertIn("text/html", page.getheader("Content-Type"))

    def test_each_response_tells_its_story(self):
        response = self.gateway.get("/busy/20", {"warmgate-pool": "forged"})
        self.assertEqual(response.getheader("warmgate-pool"), "always-on")
        self.assertEqual(response.getheader("warmgate-reason"), "unknown")
        self.assertEqual(response.getheader("warmgate-attempts"), "1")
        timing = dict(re.findall(r"(\w+);dur=([0-9.]+)", response.getheader("Server-Timing")))
        self.assertLessEqual({"queue", "upstream"}, timing.keys())
        self.assertGreaterEqual(float(timing["upstream"]), 15)

    def test_admin_answers_only_questions(self):
        for path in ("/healthz", "/readyz", "/status", "/metrics"):
            self.assertEqual(ask(self.gateway.status_address, "GET", path).status, 200)
            self.assertEqual(ask(self.gateway.status_address, "HEAD", path).body, b"")
            response = ask(self.gateway.status_address, "POST", path)
            self.assertEqual((response.status, response.getheader("Allow")), (405, "GET, HEAD"))
        self.assertEqual(ask(self.gateway.status_address, "GET", "/other").status, 404)
        self.assertEqual(self.runtime.arrivals(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
