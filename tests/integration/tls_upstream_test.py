"""`https://` backends: real TLS between real processes, with certificates of a test's own authority."""
import json
import subprocess
import tempfile
import unittest

from harness import INFER, REQUESTS, WARMGATE, App, Gateway, Model, ProcessTest, Runtime, ask
from tls import Authority, TlsFront


class TlsUpstream(ProcessTest):
    def setUp(self):
        self.authority = self.start(Authority())

    def front(self, target, names=("DNS:localhost",), label="server", days=30, **options):
        files = self.authority.issue(label, names, days)
        return self.start(TlsFront(target, *files, **options))

    def gateway(self, url, tls="", more="", extra=""):
        tls = tls or f"{{ca_file: {self.authority.ca_file}}}"
        return self.start(Gateway(config=f"""
services:
  - name: digits
    slo: 20s
    always_on: {{backends: [{url}{extra}], concurrency: 8, tls: {tls}}}
{more}"""))

    def problem(self, gateway):
        """How the log and the answer to a client tell why a backend cannot be connected to."""
        logged = gateway.line(r"backend https://\S+ cannot be connected to: (.*?)\"?}?$").group(1)
        status = gateway.until_service(
            lambda s: s["pools"]["always_on"]["backends"][0]["connect_problem"], "it is known")
        shown = status["pools"]["always_on"]["backends"][0]["connect_problem"]
        self.assertIn(shown, logged)
        self.assertEqual(gateway.get("/").status, 503)
        return shown


class Story(TlsUpstream):
    def test_always_on_in_clear_and_serverless_by_https(self):
        """As with Cloud Run: the pool that sleeps is reached by TLS only, by its name."""
        model = self.start(Model())
        runtime = self.start(Runtime.of_model("--concurrency", "4", "--max-instances", "2",
                                              "--idle-timeout", "60s"))
        front = self.front(runtime.address)
        gateway = self.start(Gateway(
            "--always-on", model.url, "--serverless", front.url, "--model", "digits", "--slo", "20s",
            "--always-on-concurrency", "1", "--serverless-concurrency", "4", "--max-instances", "2",
            env={"SSL_CERT_FILE": self.authority.ca_file}))
        load = self.load(gateway.url + INFER, "--payloads", str(REQUESTS), "--profile",
                         "5/s for 1s, burst 40, 10/s for 3s")
        report = load.report()
        self.assert_nothing_failed(report)
        pools = {row["pool"] for row in report["rows"]}
        self.assertEqual(pools, {"always-on", "serverless"})
        service = gateway.until_service(lambda s: s["model"]["check"] == "same", "models compared")
        backend = service["pools"]["serverless"]["backends"][0]
        self.assertEqual(backend["tls"]["verified"], True)
        self.assertEqual(backend["tls"]["handshakes_failed"], 0)
        self.assertGreater(backend["tls"]["handshakes_resumed"], 0)
        self.assertEqual(front.resumed, backend["tls"]["handshakes_resumed"])
        self.assertEqual(set(front.names), {"localhost"})
        self.assertIsNone(service["pools"]["always_on"]["backends"][0]["tls"])
        metrics = ask(gateway.status_address, "GET", "/metrics").body.decode()
        self.assertRegex(metrics, r'warmgate_backend_tls_handshakes_total{[^}]*result="resumed"} [1-9]')


class Verification(TlsUpstream):
    def setUp(self):
        super().setUp()
        self.app = self.start(App())

    def test_a_good_backend_is_healthy_and_answers(self):
        front = self.front(self.app.address)
        gateway = self.gateway(front.url)
        gateway.until_service(lambda s: s["probes"]["health"] >= 1, "probed by TLS")
        answer = json.loads(gateway.request("POST", "/", b"x" * 3_000_000).body)
        self.assertEqual(answer["bytes"], 3_000_000)
        self.assertEqual(gateway.get("/big/3000000").body, b"x" * 3_000_000)
        headers = json.loads(gateway.get("/headers").body)
        self.assertEqual(headers["Host"], f"localhost:{front.port}")

    def test_a_wrong_name(self):
        front = self.front(self.app.address, names=["DNS:other.example", "IP:127.0.0.2"])
        problem = self.problem(self.gateway(front.url))
        self.assertEqual(problem, "TLS handshake failed: the certificate is not for localhost but "
                                  "for other.example, 127.0.0.2")
        # ... unless that is the name that the configuration says.
        gateway = self.gateway(front.url, f"{{ca_file: {self.authority.ca_file}, "
                                          "server_name: other.example}")
        self.assertEqual(gateway.get("/").status, 200)
        self.assertIn("other.example", front.names)

    def test_an_expired_certificate(self):
        front = self.front(self.app.address, days=-1)
        self.assertIn("the certificate expired on", self.problem(self.gateway(front.url)))

    def test_an_unknown_issuer(self):
        front = self.front(self.app.address)
        stranger = self.start(Authority("Stranger"))
        problem = self.problem(self.gateway(front.url, f"{{ca_file: {stranger.ca_file}}}"))
        self.assertIn("issuer is unknown: CN = Test Authority", problem)

    def test_an_address_instead_of_a_name(self):
        front = self.front(self.app.address, names=["IP:127.0.0.1"])
        gateway = self.gateway(f"https://127.0.0.1:{front.port}")
        self.assertEqual(gateway.get("/").status, 200)

    def test_without_verification_all_works_and_everybody_is_warned(self):
        front = self.front(self.app.address, names=["DNS:other.example"], days=-1)
        gateway = self.gateway(front.url, "{verify: false}")
        gateway.line(r"always_on.tls.verify: is false: whoever sits on the way")
        self.assertEqual(gateway.get("/").status, 200)
        self.assertFalse(gateway.service()["pools"]["always_on"]["backends"][0]["tls"]["verified"])

    def test_a_certificate_of_our_own_where_one_is_asked_for(self):
        front = self.front(self.app.address, client_ca=self.authority.ca_file)
        certificate, key = self.authority.issue("gateway", ["DNS:gateway"])
        gateway = self.gateway(front.url, f"{{ca_file: {self.authority.ca_file}, "
                                          f"client_certificate: {certificate}, client_key: {key}}}")
        self.assertEqual(gateway.get("/").status, 200)

    def test_a_backend_in_clear_text(self):
        gateway = self.gateway(self.app.url.replace("http", "https"))
        self.assertIn("does not speak TLS", self.problem(gateway))

    def test_a_client_is_told_the_reason(self):
        front = self.front(self.app.address, names=["DNS:other.example"])
        gateway = self.gateway(front.url, more="    health: {enabled: false}\n")
        answer = gateway.get("/")
        self.assertEqual((answer.status, answer.getheader("warmgate-reason")),
                         (503, "all-down"))
        self.assertIn("the certificate is not for localhost but for other.example",
                      json.loads(answer.body)["detail"])

    def test_a_failed_handshake_costs_no_request(self):
        """Nothing was sent, so another backend gets it, even what must not be repeated."""
        bad = self.front(self.app.address, names=["DNS:other.example"], label="bad")
        good = self.front(self.app.address, label="good")
        gateway = self.gateway(bad.url, more="    repeatable: false\n    health: {enabled: false}\n",
                               extra=f", {good.url}")
        for _ in range(20):
            self.assertEqual(gateway.request("POST", "/", b"once").status, 200)
        backends = gateway.service()["pools"]["always_on"]["backends"]
        self.assertGreater(backends[0]["tls"]["handshakes_failed"], 0)


class KeepAlive(TlsUpstream):
    def test_idle_closes_by_the_backend_are_not_seen(self):
        app = self.start(App())
        front = self.front(app.address, idle_s=0.05)
        gateway = self.gateway(front.url)
        report = self.load(gateway.url + "/", "--rate", "40/s", "--duration", "5s").report()
        self.assert_nothing_failed(report)
        tls = gateway.service()["pools"]["always_on"]["backends"][0]["tls"]
        self.assertGreater(tls["handshakes_resumed"], 5, "it was closed again and again")
        self.assertLessEqual(tls["handshakes_full"], 8)


class Tools(TlsUpstream):
    def test_load_sends_to_https(self):
        front = self.front(self.start(App()).address)
        flags = ("--rate", "20/s", "--duration", "1s")
        report = self.load(front.url + "/", *flags, "--ca-file", self.authority.ca_file).report()
        self.assert_nothing_failed(report)
        report = self.load(front.url + "/", *flags, "--insecure").report()
        self.assert_nothing_failed(report)
        report = self.load(front.url + "/", *flags).report()
        self.assertEqual(report["errors"]["total"], report["requests"], "nobody knows the issuer")

    def run_warmgate(self, command, config):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(f'admin: off\nlisten: "127.0.0.1:0"\n{config}')
            file.flush()
            return subprocess.run((WARMGATE, command, "-c", file.name), capture_output=True,
                                  text=True, timeout=60)

    def test_a_wrong_file_is_told_by_name_at_check_and_at_start(self):
        certificate, key = self.authority.issue()
        _, other_key = self.authority.issue("other")
        expired, expired_key = self.authority.issue("expired", days=-1)
        wrong = {
            "{ca_file: /nonexistent/ca.pem}": "cannot read the certificate file /nonexistent/ca.pem",
            f"{{ca_file: {key}}}": f"no certificate in PEM form is in {key}",
            f"{{client_certificate: {certificate}, client_key: {other_key}}}":
                f"the key in {other_key} does not belong to the first certificate in {certificate}",
            f"{{client_certificate: {expired}, client_key: {expired_key}}}":
                f"the certificate in {expired} expired on",
        }
        for tls, message in wrong.items():
            config = f"""
services:
  - {{name: a, always_on: {{backends: 'https://localhost:1', tls: {tls}}}}}
"""
            for command in ("check", "serve"):
                ended = self.run_warmgate(command, config)
                self.assertEqual(ended.returncode, 78, (command, tls, ended))
                self.assertIn(f"service a: always_on.tls: {message}", ended.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
