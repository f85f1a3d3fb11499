"""Starts `warmgate serverless` for a test and asks it things."""
import concurrent.futures
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
import urllib.parse

WARMGATE = os.environ.get("WARMGATE", "warmgate")
APP = str(pathlib.Path(__file__).with_name("serverless_app.py"))
PATIENCE_S = 60  # generous: machines are shared and sanitizers slow


def eventually(condition, what):
    """Polls until `condition()` gives something true, and returns that."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.01)
    raise AssertionError(f"did not happen in {PATIENCE_S} s: {what}")


def process_state(pid):
    """The letter of /proc/PID/stat, or None when there is no such process. Zombies count as gone."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else state


def in_flight(status):
    return sum(instance["in_flight"] for instance in status["instances"])


class Runtime:
    """A context manager; the process and its instances are gone behind it."""

    def __init__(self, *flags, command=None, app_flags=()):
        self.directory = tempfile.TemporaryDirectory()
        self.flags = pathlib.Path(self.directory.name)
        command = command or [sys.executable, APP, *app_flags]
        self.process = subprocess.Popen(
            [WARMGATE, "serverless", "--port", "0", *flags, "--", *command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "FLAGS": str(self.flags)})
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        line = self.line(r"listening on http://(\S+:\d+), status on http://(\S+)/status")
        self.address, self.status_address = line.group(1), line.group(2)
        self.pool = concurrent.futures.ThreadPoolExecutor(32)

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in os.listdir("/proc"):  # leave no instance stopped or running
            if name.isdigit() and self._is_mine(int(name)) and int(name) != self.process.pid:
                try:
                    os.kill(int(name), signal.SIGKILL)
                except ProcessLookupError:
                    pass
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.pool.shutdown(wait=True)
        self.reader.join(PATIENCE_S)
        self.process.stdout.close()
        self.directory.cleanup()

    def _is_mine(self, pid):
        try:
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False
        return f"FLAGS={self.flags}".encode() in environment

    def line(self, pattern):
        """The first match of `pattern` in what the runtime and its instances printed."""
        def find():
            for line in list(self.lines):
                if match := re.search(pattern, line):
                    return match
            return None
        return eventually(find, f"a line like {pattern!r} in {self.lines}")

    def request(self, method, path, body=None, headers={}, chunked=False):
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, headers, encode_chunked=chunked)
            response = connection.getresponse()
            response.body = response.read()
            return response
        finally:
            connection.close()

    def get(self, path="/"):
        return self.request("GET", path)

    def begin(self, path, method="GET"):
        """A request in the background: a Future of its response."""
        return self.pool.submit(self.request, method, path)

    def status(self):
        connection = http.client.HTTPConnection(self.status_address, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/status")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def until(self, condition, what):
        """Polls the status until the condition holds for it, and returns that status."""
        def check():
            status = self.status()
            return status if condition(status) else None
        try:
            return eventually(check, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; status: {self.status()}") from None

    def until_in_flight(self, count):
        return self.until(lambda s: in_flight(s) == count, f"{count} requests in flight")

    def raise_flag(self, name):
        (self.flags / name).touch()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)
