"""`warmgate load` against real servers: a real model server, and one that misbehaves on purpose."""
import csv
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest

WARMGATE = os.environ.get("WARMGATE", "warmgate")
MODEL_SERVER = os.environ.get("WARMGATE_MODEL", "")
DIGITS = pathlib.Path(__file__).parents[2] / "assets" / "digits"
PATIENCE_S = 120


class Answers(http.server.BaseHTTPRequestHandler):
    """GET /STATUS is answered with that status, GET /hang only when the test is over."""
    protocol_version = "HTTP/1.1"
    over = threading.Event()

    def do_GET(self):
        if self.path == "/hang":
            Answers.over.wait()
            return
        self.send_response(int(self.path[1:]))
        self.send_header("Content-Length", "0")
        self.send_header("warmgate-pool", "serverless")
        self.send_header("warmgate-instance", "one;age=0.000;served=0")
        self.end_headers()

    def log_message(self, *_):
        pass


class LoadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Answers.over.clear()
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        cls.server.daemon_threads = True
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.server.server_port}"

    @classmethod
    def tearDownClass(cls):
        Answers.over.set()
        cls.server.shutdown()
        cls.server.server_close()

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def load(self, *arguments):
        """Exit status, figures (None when there are none) and all text of one run."""
        figures = self.directory / "figures.json"
        done = subprocess.run([WARMGATE, "load", *arguments, "--json", figures],
                              capture_output=True, text=True, timeout=PATIENCE_S)
        text = figures.read_text() if figures.exists() else ""
        return done.returncode, json.loads(text) if text else None, done.stdout + done.stderr

    def test_counts_answers_pools_and_cold_starts(self):
        status, figures, text = self.load(self.url + "/200", "--profile", "burst 20, 50/s for 1s",
                                          "--arrivals", "even")
        self.assertEqual(status, 0, text)
        self.assertEqual((figures["requests"], figures["ok"], figures["errors"]["total"]), (70, 70, 0))
        self.assertEqual(figures["pools"]["serverless"]["answers"], 70)
        self.assertEqual(figures["cold_starts_seen"], 70)
        self.assertIn("latency", text)

    def test_tells_refusals_apart_and_fails_only_when_asked_to(self):
        for code, kind in [(404, "refused_4xx"), (429, "refused_429"), (503, "refused_503"),
                           (500, "failed_5xx")]:
            status, figures, text = self.load(f"{self.url}/{code}", "--profile", "burst 3")
            self.assertEqual(status, 0, text)
            self.assertEqual(figures["errors"][kind], 3)
            self.assertEqual(figures["over_slo"], 3)
        status, _, _ = self.load(self.url + "/503", "--profile", "burst 1", "--fail-on-error")
        self.assertEqual(status, 1)

    def test_a_trace_with_bad_rows_is_sent_without_them(self):
        trace = self.directory / "trace.csv"
        trace.write_text("t_s,tokens\n0,5\nx,1\n2,7\n4,1\n")
        log = self.directory / "log.csv"
        status, figures, text = self.load(self.url + "/200", "--trace", trace, "--speed", "100",
                                          "--log", log)
        self.assertEqual(status, 0, text)
        self.assertEqual((figures["requests"], figures["bad_trace_rows"]), (3, 1))
        self.assertIn("line 3", text)
        rows = list(csv.DictReader(log.read_text().splitlines()))
        self.assertEqual(sorted(float(row["intended_s"]) for row in rows), [0, 0.02, 0.04])
        self.assertEqual({row["status"] for row in rows}, {"200"})

    def test_bad_usage_sends_nothing_and_says_why(self):
        empty = self.directory / "empty.csv"
        empty.write_text("")
        for arguments, words in [(["http://"], "no valid host"), ([self.url], "exactly one of"),
                                 ([self.url, "--trace", empty], "the trace is empty"),
                                 ([self.url, "--trace", "/nowhere.csv"], "No such file"),
                                 ([self.url, "--rate", "5"], "write 50/s"),
                                 ([self.url, "--rate", "1/s", "--payloads", "/no"], "No such file"),
                                 (["http://no-such-host.invalid", "--rate", "1/s"], "cannot find")]:
            status, figures, text = self.load(*arguments)
            self.assertEqual(status, 64, text)
            self.assertIsNone(figures)
            self.assertIn(words, text)

    def test_an_interrupt_still_prints_the_table(self):
        process = subprocess.Popen(
            [WARMGATE, "load", self.url + "/hang", "--profile", "burst 2, quiet 1h, burst 1"],
            stdout=subprocess.PIPE, text=True)
        while "in flight 2" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)  # so that the two signals are two
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 0)
        self.assertIn("interrupted", out)
        self.assertIn("2 were still open", out)

    @unittest.skipUnless(MODEL_SERVER, "needs warmgate-model")
    def test_checks_the_answers_of_a_real_model(self):
        server = subprocess.Popen(
            [MODEL_SERVER, "serve", "--model", f"digits={DIGITS / 'digits.onnx'}", "--host",
             "127.0.0.1", "--port", "0", "--max-queue", "100"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        self.addCleanup(server.stdout.close)
        port = next(match.group(1) for match in
                    (re.search(r"127\.0\.0\.1:(\d+)", line) for line in server.stdout) if match)
        url = f"http://127.0.0.1:{port}/v2/models/digits/infer"
        requests = DIGITS / "requests.jsonl"
        status, figures, text = self.load(url, "--payloads", requests, "--profile", "burst 11")
        self.assertEqual(status, 0, text)
        self.assertEqual((figures["ok"], figures["wrong_answers"]), (11, 0), text)
        self.assertEqual((figures["label_rows"], figures["label_rows_true"]), (440, 436))

        swapped = self.directory / "swapped.jsonl"
        lines = [json.loads(line) for line in requests.read_text().splitlines()]
        lines[0]["answers"][0] += 1
        swapped.write_text("\n".join(map(json.dumps, lines)))
        status, figures, text = self.load(url, "--payloads", swapped, "--profile", "burst 11",
                                          "--fail-on-error")
        self.assertEqual(status, 1, text)
        self.assertEqual((figures["ok"], figures["wrong_answers"]), (10, 1), text)


if __name__ == "__main__":
    unittest.main()
