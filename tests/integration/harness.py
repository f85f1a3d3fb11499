"""Starts warmgate's programs as real processes for a test, and asks them things."""
import concurrent.futures
import csv
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).parent
DIGITS = HERE.parent.parent / "assets" / "digits"
REQUESTS = DIGITS / "requests.jsonl"
INFER = "/v2/models/digits/infer"
WARMGATE = os.environ.get("WARMGATE", "warmgate")
WARMGATE_MODEL = os.environ.get("WARMGATE_MODEL", "warmgate-model")
THREADS = int(os.environ.get("WARMGATE_THREADS", 1))  # of each gateway: all tests pass with several
APP = str(HERE / "app.py")
PATIENCE_S = 60  # generous: machines are shared and sanitizers slow
MIB = 1 << 20


def eventually(condition, what):
    """Polls until `condition()` gives something true, and returns that."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.01)
    raise AssertionError(f"did not happen in {PATIENCE_S} s: {what}")


def for_a_while(seconds, check):
    """Calls `check` again and again: for what must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        check()
        time.sleep(0.05)


def process_state(pid):
    """The letter of /proc/PID/stat, or None when there is no such process. Zombies count as gone."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else state


def in_flight(status):
    return sum(instance["in_flight"] for instance in status["instances"])


def ask(address, method, path, body=None, headers={}, chunked=False, tls=None):
    """One request on a connection of its own. The response has its whole `body`. `tls` is an
    ssl.SSLContext."""
    if tls:
        connection = http.client.HTTPSConnection(address, timeout=PATIENCE_S, context=tls)
    else:
        connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, headers, encode_chunked=chunked)
        response = connection.getresponse()
        response.body = response.read()
        return response
    finally:
        connection.close()


def digits_requests():
    """The test images: dicts of `body`, `labels` and `answers`."""
    with REQUESTS.open() as lines:
        return [json.loads(line) for line in lines]


def small_requests(images):
    """The test images in requests of a few: real answers for little work."""
    for request in digits_requests():
        tensor = request["body"]["inputs"][0]
        pixels = len(tensor["data"]) // tensor["shape"][0]
        for i in range(0, len(request["labels"]), images):
            count = len(request["labels"][i:i + images])
            small = {**tensor, "shape": [count, *tensor["shape"][1:]],
                     "data": tensor["data"][i * pixels:(i + count) * pixels]}
            yield {"body": {**request["body"], "inputs": [small]},
                   "labels": request["labels"][i:i + images],
                   "answers": request["answers"][i:i + images]}


def digits_answers(body):
    """The digit for each image of an inference's response."""
    scores = json.loads(body)["outputs"][0]["data"]
    rows = [scores[i:i + 10] for i in range(0, len(scores), 10)]
    return [row.index(max(row)) for row in rows]


def run(*command):
    """What a program that ends by itself printed, its messages, and its exit status."""
    done = subprocess.run(command, capture_output=True, timeout=2 * PATIENCE_S)
    return done.stdout.decode(), done.stderr.decode(), done.returncode


class Program:
    """A context manager: the process, and whatever it started, is gone behind it."""

    def __init__(self, *command, env={}, merge=False):
        self.directory = tempfile.TemporaryDirectory()
        self.flags = pathlib.Path(self.directory.name)
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.PIPE, text=True,
            start_new_session=True, env={**os.environ, "FLAGS": str(self.flags), **env})
        self.lines = []     # of standard output; with `merge`, of both
        self.messages = []  # of standard error
        self.readers = [self._read(self.process.stdout, self.lines)]
        if not merge:
            self.readers.append(self._read(self.process.stderr, self.messages))
        self.pool = concurrent.futures.ThreadPoolExecutor(64)

    def _read(self, stream, lines):
        def read():
            with stream:
                for line in stream:
                    lines.append(line.rstrip("\n"))
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        return reader

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in os.listdir("/proc"):  # leave no instance stopped or running
            if name.isdigit() and self._is_mine(int(name)) and int(name) != self.process.pid:
                try:
                    os.kill(int(name), signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.kill()
        self.pool.shutdown(wait=True)
        for reader in self.readers:
            reader.join(PATIENCE_S)
        self.directory.cleanup()

    def _is_mine(self, pid):
        try:
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False
        return f"FLAGS={self.flags}".encode() in environment

    def line(self, pattern):
        """The first match of `pattern` in what the program printed."""
        def find():
            for line in self.lines + self.messages:
                if match := re.search(pattern, line):
                    return match
            if self.process.poll() is not None and not any(r.is_alive() for r in self.readers):
                raise AssertionError(f"exit status {self.process.returncode} without a line like "
                                     f"{pattern!r}: {self.messages or self.lines}")
            return None
        return eventually(find, f"a line like {pattern!r} in {self.messages or self.lines}")

    def raise_flag(self, name):
        (self.flags / name).touch()

    def signal(self, number):
        self.process.send_signal(number)

    def ended(self):
        """Its exit status, once it ends and all that it printed is read."""
        status = self.process.wait(PATIENCE_S)
        for reader in self.readers:
            reader.join(PATIENCE_S)
        return status

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.ended()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def memory(self, what):
        """Bytes, by a key of /proc/PID/status: VmRSS now, VmHWM at most. 0 under a sanitizer, whose
        shadow memory shows in the address space: then it says nothing about us."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        sizes = {key: int(kib) * 1024 for key, kib in re.findall(r"^(Vm\w+):\s+(\d+) kB", text, re.M)}
        return 0 if sizes["VmSize"] > 1 << 40 else sizes[what]


class Server(Program):
    """A Program that listens at `address`."""

    address = ""

    @property
    def url(self):
        return f"http://{self.address}"

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def request(self, method, path, body=None, headers={}, chunked=False):
        return ask(self.address, method, path, body, headers, chunked)

    def get(self, path="/", headers={}):
        return self.request("GET", path, headers=headers)

    def begin(self, path, method="GET", body=None, headers={}):
        """A request in the background: a Future of its response."""
        return self.pool.submit(self.request, method, path, body, headers)


class WithStatus(Server):
    """A Server that tells its state as JSON at `status_address`."""

    status_address = ""

    def status(self):
        return json.loads(ask(self.status_address, "GET", "/status").body)

    def until(self, condition, what):
        """Polls the status until the condition holds for it, and returns that status."""
        def check():
            status = self.status()
            return status if condition(status) else None
        try:
            return eventually(check, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; status: {self.status()}") from None


class App(Server):
    """app.py as a server of its own."""

    def __init__(self, *flags):
        super().__init__(sys.executable, APP, *flags, env={"PORT": "0"})
        self.address = self.line(r"listening on (\S+)").group(1)


class Model(Server):
    """`warmgate-model` with the digits model, ready."""

    def __init__(self, *flags, port=0):
        super().__init__(WARMGATE_MODEL, *digits_command(), "--host", "127.0.0.1", "--port",
                         str(port), *flags)
        self.address = self.line(r"serving digits on (\S+) with").group(1)
        self.line("ready: digits")


def digits_command():
    return ["serve", "--model", f"digits={DIGITS / 'digits.onnx'}"]


class Runtime(WithStatus):
    """`warmgate serverless` with app.py, the digits model or another command."""

    def __init__(self, *flags, command=None, app_flags=()):
        command = command or [sys.executable, APP, *app_flags]
        super().__init__(WARMGATE, "serverless", "--port", "0", *flags, "--", *command, merge=True)
        line = self.line(r"listening on http://(\S+:\d+), status on http://(\S+)/status")
        self.address, self.status_address = line.group(1), line.group(2)

    @classmethod
    def of_model(cls, *flags):
        command = [WARMGATE_MODEL, *digits_command(), "--host", "127.0.0.1"]
        return cls("--startup-probe", "/v2/health/ready", *flags, command=command)

    def until_in_flight(self, count):
        return self.until(lambda s: in_flight(s) == count, f"{count} requests in flight")

    def arrivals(self):
        """All requests that ever reached it, the gateway's own ones included."""
        return self.status()["counters"]["requests"]


class Gateway(WithStatus):
    """`warmgate serve`: with flags, or with the text of a configuration file."""

    def __init__(self, *flags, config=None, listen="127.0.0.1:0", wrap=(), env={}):
        self.config_file = None
        if config is not None:
            self.config_file = tempfile.NamedTemporaryFile("w", suffix=".yaml")
            self.config_file.write(f'listen: "{listen}"\nadmin: "127.0.0.1:0"\n{config}')
            self.config_file.flush()
            if THREADS > 1 and "threads:" not in config:
                self.config_file.write(f"\nthreads: {THREADS}\n")
                self.config_file.flush()
            flags = ("-c", self.config_file.name, *flags)
        else:
            if THREADS > 1 and "--threads" not in flags:
                flags = (*flags, "--threads", str(THREADS))
            flags = ("--listen", listen, "--admin", "127.0.0.1:0", *flags)
        super().__init__(*wrap, WARMGATE, "serve", *flags, env=env)
        try:
            line = self.line(r"listening on (\S+:\d+); status at http://([^/]+)/")
        except AssertionError:
            self.__exit__()
            raise
        self.address, self.status_address = line.group(1), line.group(2)

    def __exit__(self, *_):
        super().__exit__()
        if self.config_file:
            self.config_file.close()

    def service(self):
        return self.status()["services"][0]

    def until_service(self, condition, what):
        return self.until(lambda s: condition(s["services"][0]), what)["services"][0]

    def access_log(self):
        return [json.loads(line) for line in list(self.lines)]


class Load(Program):
    """`warmgate load` in the background."""

    def __init__(self, url, *flags):
        with tempfile.NamedTemporaryFile(suffix=".json", delete=False) as report:
            self.report_file = pathlib.Path(report.name)
        self.log_file = self.report_file.with_suffix(".csv")
        super().__init__(WARMGATE, "load", url, "--quiet", "--json", str(self.report_file),
                         "--log", str(self.log_file), *flags)

    def __exit__(self, *_):
        super().__exit__()
        self.report_file.unlink(missing_ok=True)
        self.log_file.unlink(missing_ok=True)

    def report(self):
        """Waits for the end of the run. The figures, and `rows`: one dict for each request."""
        status = self.process.wait(3 * PATIENCE_S)
        if status != 0:
            raise AssertionError(f"load: exit status {status}: {self.messages}")
        report = json.loads(self.report_file.read_text())
        with self.log_file.open(newline="") as log:
            report["rows"] = list(csv.DictReader(log))
        return report


class ProcessTest(unittest.TestCase):
    """Programs that a test starts here end with it."""

    def start(self, program):
        return self.enterContext(program)

    def load(self, url, *flags):
        return self.start(Load(url, *flags))

    def assert_nothing_failed(self, report):
        self.assertEqual((report["errors"]["total"], report["wrong_answers"]), (0, 0),
                         {key: value for key, value in report.items() if key != "rows"})
