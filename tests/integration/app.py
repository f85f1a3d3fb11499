"""A small server for tests, which keeps to the container contract and does what the path says. Files
in the directory FLAGS (environment) open its gates: no timing. Each response carries the instance's
evidence, as those of warmgate-model do."""
import http.server
import json
import os
import pathlib
import sys
import threading
import time

FLAGS = pathlib.Path(os.environ["FLAGS"])
lock = threading.Lock()
running = 0
most_running = 0
served = 0
began = time.monotonic()
instance = os.urandom(8).hex()
answered_at = []  # monotonic seconds of the first few answers


def wait_for(name):
    while not (FLAGS / name).exists():
        time.sleep(0.005)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def end_headers(self):
        global served
        with lock:
            served += 1
            if len(answered_at) < 10:
                answered_at.append(time.monotonic())
            evidence = f"{instance};age={time.monotonic() - began:.3f};served={served}"
        self.send_header("warmgate-instance", evidence)
        super().end_headers()

    def answer(self, body, status=200):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def read_body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def do_GET(self):
        global running, most_running
        self.received = time.monotonic()
        with lock:
            running += 1
            most_running = max(most_running, running)
        try:
            self.serve(*self.path.split("?")[0].strip("/").split("/"))
        finally:
            with lock:
                running -= 1

    do_HEAD = do_GET

    def do_POST(self):
        body = self.read_body()
        if self.path.startswith("/busy/"):
            return self.do_GET()
        self.answer({"bytes": len(body), "sum": sum(body) % 65536, **who()})

    def serve(self, what, name="", *_):
        if what == "busy":  # for so many milliseconds
            time.sleep(int(name) / 1000)
            self.answer(who())
        elif what == "big":  # so many bytes, as fast as they are taken
            left = int(name)
            self.send_response(200)
            self.send_header("Content-Length", name)
            self.end_headers()
            while left > 0:
                left -= self.wfile.write(b"x" * min(left, 65536))
                (FLAGS / "left").write_text(str(left))
        elif what == "hold":  # until the flag file is there
            wait_for(name)
            self.answer(who())
        elif what == "crash":
            os._exit(3)
        elif what == "crash-midway":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"begun")
            self.wfile.flush()
            wait_for(name)
            os._exit(3)
        elif what == "stream":  # one event, then another when the flag is there, then trailers
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Trailer", "X-Sum")
            self.end_headers()
            self.chunk(b"data: one\n\n")
            wait_for(name)
            self.chunk(b"data: two\n\n")
            self.wfile.write(b"0\r\nX-Sum: 2\r\n\r\n")
        elif what == "ready":
            self.answer({}, 200 if (FLAGS / "ready").exists() else 503)
        elif what == "times":
            self.answer({"received": self.received, "times": answered_at})
        elif what == "headers":
            self.answer(dict(self.headers))
        else:
            self.answer(who())


def who():
    names = ("PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION", "WARMGATE_INSTANCE")
    return {"pid": os.getpid(), "most_running": most_running,
            "env": {name: os.environ.get(name) for name in names}}


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128


if __name__ == "__main__":
    print("app begins", flush=True)
    if "child" in sys.argv[1:]:  # a process that only the process group's end can reach
        child = os.spawnvp(os.P_NOWAIT, "sleep", ["sleep", "1000"])
        (FLAGS / "child").write_text(str(child))
    if "stubborn" in sys.argv[1:]:
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = Server(("", int(os.environ["PORT"])), Handler)
    print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
