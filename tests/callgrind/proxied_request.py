#!/usr/bin/python3
"""User instructions of one proxied HTTP/1.1 request, against the number in budget.json.

`warmgate serve` runs under callgrind with its full policy, metrics and access log on; a backend and
a client in this script exchange an 800-byte POST for a 150-byte answer over keep-alive connections.
Two runs of different length are subtracted, so that start and stop do not count. A busy machine adds
reads that find nothing, and never takes any away: of a few measurements the lowest one counts.
bench/instructions.py says where they go.
"""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).parent
WARMGATE = os.environ.get("WARMGATE", "warmgate")
SHORT_RUN, LONG_RUN = 300, 1300
PATIENCE_S = 120
MOST_MEASUREMENTS = 3
REQUEST = (b"POST /v2/models/digits/infer HTTP/1.1\r\nHost: model.example\r\nUser-Agent: budget\r\n"
           b"Accept: */*\r\nContent-Type: application/json\r\nContent-Length: 800\r\n\r\n" + b"x" * 800)
RESPONSE = (b"HTTP/1.1 200 OK\r\nServer: budget\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            b"Content-Type: application/json\r\nContent-Length: 150\r\n\r\n" + b"y" * 150)
CONFIG = """
listen: 127.0.0.1:{port}
admin: off
services:
  - name: digits
    slo: 500ms
    always_on:
      backends: http://127.0.0.1:{backend}
      concurrency: 64
    health:
      enabled: false
"""


def read_message(connection):
    """One message with a Content-Length; None when the peer closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
    while len(body) < length:
        body += connection.recv(65536)
    return head


def serve_backend(listener):
    def answer(connection):
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while read_message(connection) is not None:
                connection.sendall(RESPONSE)

    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def connect(port, process):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit(f"the gateway did not start (exit status {process.poll()})")


def profile(requests, backend, folder):
    """The file that callgrind wrote."""
    port = free_port()
    config = folder / "warmgate.yaml"
    config.write_text(CONFIG.format(port=port, backend=backend))
    output = folder / f"callgrind.{requests}"
    process = subprocess.Popen(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}", WARMGATE, "serve", "-c",
         str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(port, process) as connection:
            for number in range(requests):
                connection.sendall(REQUEST)
                head = read_message(connection)
                if head is None or b" 200 " not in head.splitlines()[0]:
                    raise SystemExit(f"request {number} was not answered with 200: {head}")
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    return output


def profiles(folder):
    """The short run's, the long run's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve_backend, args=(listener,), daemon=True).start()
        return [profile(requests, listener.getsockname()[1], folder)
                for requests in (SHORT_RUN, LONG_RUN)]


def total(output):
    return int(re.search(r"^(?:totals|summary): (\d+)", output.read_text(), re.MULTILINE).group(1))


def instructions_of_a_request():
    with tempfile.TemporaryDirectory() as name:
        short, long = (total(output) for output in profiles(pathlib.Path(name)))
    return (long - short) / (LONG_RUN - SHORT_RUN)


def main():
    budget = json.loads((HERE / "budget.json").read_text())["proxied_request"]
    measured = []
    while len(measured) < MOST_MEASUREMENTS and min(measured, default=budget + 1) > budget:
        measured.append(instructions_of_a_request())
    each = min(measured)
    print(f"one proxied request: {each:.0f} user instructions, budget {budget}")
    if each > budget:
        print("over the budget: look at the profile (callgrind_annotate), or say in budget.json why")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
