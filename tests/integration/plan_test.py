"""`warmgate plan` as a user calls it: the table, the files it writes, its errors, and Ctrl-C."""
import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import unittest

WARMGATE = os.environ["WARMGATE"]


def trace(path, requests=3000, seed=1):
    """Quiet minutes and bursts, with tokens for a service time."""
    dice = random.Random(seed)
    at, lines = 0.0, ["t_s,tokens"]
    for i in range(requests):
        at += dice.expovariate(20 if i % 300 > 200 else 1)
        lines.append(f"{at:.3f},{dice.randint(5, 40)}")
    path.write_text("\n".join(lines) + "\n")


class PlanTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.directory = pathlib.Path(self.temporary.name)
        self.trace = self.directory / "trace.csv"
        trace(self.trace)

    def plan(self, *arguments, trace=None):
        command = [WARMGATE, "plan", "--trace", trace or self.trace, *arguments]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                              timeout=300, check=False)
        return done.returncode, done.stdout, done.stderr

    ASKED = ("--slo", "1s", "--service-time", "column:tokens*0.01", "--cold-start", "8s")

    def test_one_table_at_a_given_size(self):
        status, out, errors = self.plan(*self.ASKED, "--always-on", "2")
        self.assertEqual((status, errors), (0, ""))
        for policy in ("warmgate", "always-on", "serverless", "min-instances", "static-split",
                       "nginx-backup", "keda-like", "knative-like", "mark-like", "oracle"):
            self.assertRegex(out, rf"(?m)^{policy} ")
        for column in ("month", "oracle", "requests", "p99.9", "hidden", "wasted", "low/high"):
            self.assertIn(column, out)
        self.assertIn("Take warmgate with 2 slots", out)

    def test_json_holds_the_same_and_is_repeatable(self):
        asked = (*self.ASKED, "--always-on", "e2-standard-2*1", "--policies", "warmgate,mark-like",
                 "--json", "-")
        status, out, _ = self.plan(*asked)
        self.assertEqual(status, 0)
        figures = json.loads(out)
        self.assertEqual(figures["slo_s"], 1)
        self.assertEqual([row["policy"] for row in figures["rows"]],
                         ["warmgate", "mark-like", "oracle"])
        for row in figures["rows"]:
            self.assertEqual((row["requests"], row["always_on_slots"]), (3 * 3000, 2))
            self.assertGreaterEqual(row["usd_per_month"], 48.9)
            self.assertLessEqual(row["violations"], row["requests"])
            self.assertLessEqual(row["p50_s"], row["p99_s"])
        self.assertEqual(figures["rows"][-1]["cost_over_oracle"], 1)
        self.assertEqual(self.plan(*asked)[1], out)
        self.assertNotEqual(self.plan(*asked, "--seed", "2")[1], out)

    def test_a_search_writes_a_report_and_a_configuration_that_check_accepts(self):
        report = self.directory / "new" / "report"
        config = self.directory / "warmgate.yaml"
        status, out, errors = self.plan(*self.ASKED, "--report", report, "--write-config", config)
        self.assertEqual((status, errors), (0, ""))
        self.assertIn("USD per month for", out)
        check = subprocess.run([WARMGATE, "check", "-c", config], capture_output=True, text=True,
                               timeout=60, check=False)
        self.assertEqual(check.returncode, 0, check.stderr)
        self.assertIn("slo: 1s", check.stdout)
        page = (report / "index.html").read_text()
        self.assertEqual(page.count("<svg"), 4)
        for outside in ("http://", "https://", "<script", "<link", "url("):
            self.assertNotIn(outside, page)
        # The configuration is an input, too.
        status, out, errors = self.plan("-c", config, "--service-time", "column:tokens*0.01",
                                        "--always-on", "2", "--write-config",
                                        self.directory / "again.yaml")
        self.assertEqual(status, 0, errors)
        check = subprocess.run([WARMGATE, "check", "-c", self.directory / "again.yaml"],
                               capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(check.returncode, 0, check.stderr)

    def test_bad_rows_are_counted_with_their_lines(self):
        self.trace.write_text("t_s,service_s\n0,0.1\noops,0.1\n2,0.1\n3,-1\n4,0.2\n")
        status, out, errors = self.plan("--slo", "1s", "--always-on", "1")
        self.assertEqual(status, 0, errors)
        self.assertIn("2 bad rows", errors)
        self.assertIn("line 3", errors)
        self.assertIn("line 5", errors)
        self.assertIn("3 requests", out)

    def test_logs_and_bins_are_traffic_too(self):
        log = self.directory / "access.log"
        entry = {"time": "2026-11-22T10:00:%02d.500Z", "queuedMs": 0, "pool": "always-on",
                 "httpRequest": {"status": 200, "latency": "0.100000s", "requestSize": "5"}}
        log.write_text("".join(json.dumps(entry) % second + "\n" for second in range(50)))
        status, out, errors = self.plan("--slo", "1s", "--always-on", "1", trace=log)
        self.assertEqual((status, errors), (0, ""))
        self.assertIn("50 requests in 49s", out)
        bins = self.directory / "bins.csv"
        bins.write_text("t_s,count\n0,20\n300,0\n600,30\n")
        status, out, _ = self.plan("--slo", "1s", "--service-time", "200ms", "--always-on", "1",
                                   trace=bins)
        self.assertEqual(status, 0)
        self.assertIn("50 requests", out)

    def test_errors_say_what_to_do(self):
        with_service = self.directory / "service.csv"
        with_service.write_text("t_s,service_s\n0,1\n1,1\n")
        disorder = self.directory / "disorder.csv"
        disorder.write_text("t_s\n5\n1\n")
        empty = self.directory / "empty.csv"
        empty.write_text("")
        time = ("--service-time", "100ms")
        for file, arguments, words in [
                (self.trace, ("--service-time", "100ms"), "--slo 500ms"),
                (self.trace, ("--slo", "1s"), "--service-time"),
                (with_service, ("--slo", "1s", *time), "leave one of the two out"),
                (disorder, ("--slo", "1s", *time), "sort"),
                (empty, ("--slo", "1s", *time), "the trace is empty"),
                ("/nowhere.csv", ("--slo", "1s", *time), "No such file"),
                (self.trace, ("--slo", "1s", "--service-time", "column:token*1"),
                 "did you mean \"tokens\""),
                (self.trace, ("--slo", "1s", *time, "--policies", "mark-lik"),
                 "did you mean \"mark-like\""),
                (self.trace, ("--slo", "1s", *time, "--always-on", "e3-small*1"),
                 "did you mean \"e2-small\""),
                (self.trace, ("--slo", "soon", *time), "no duration"),
                (self.trace, ("--slo", "1s", *time, "--cold-start", "5"), "write 5s")]:
            with self.subTest(words=words):
                status, out, errors = self.plan(*arguments, trace=file)
                self.assertEqual((status, out), (64, ""), errors)
                self.assertIn(words, errors)
        status, _, errors = self.plan(*self.ASKED, "--json", self.directory / "no" / "x.json")
        self.assertEqual(status, 74)
        self.assertIn("there is no folder", errors)

    def test_an_interrupted_plan_leaves_nothing_half_written(self):
        trace(self.trace, requests=300_000)
        before = set(self.directory.iterdir())
        process = subprocess.Popen(
            [WARMGATE, "plan", "--trace", str(self.trace), *self.ASKED, "--json",
             str(self.directory / "plan.json"), "--report", str(self.directory / "report"),
             "--write-config", str(self.directory / "warmgate.yaml")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        # It has begun to simulate when it has two threads.
        tasks = pathlib.Path(f"/proc/{process.pid}/task")
        while process.poll() is None and len(list(tasks.iterdir())) < 2:
            pass
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=120)
        self.assertEqual((process.returncode, out), (130, ""))
        self.assertIn("nothing was written", errors)
        self.assertEqual(set(self.directory.iterdir()), before)


if __name__ == "__main__":
    unittest.main()
