"""What the measurements side by side share: the proxies with their configurations (bench/proxies/), the
backends, pinned cores, the processor time and memory of a process, and tables."""
import contextlib
import os
import pathlib
import re
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "bench" / "proxies"
WARMGATE = os.environ.setdefault("WARMGATE", str(ROOT / "build" / "release" / "bin" / "warmgate"))
sys.path.insert(0, str(ROOT / "tests" / "integration"))
from tls import Authority  # noqa: E402

MIB = 1 << 20
PATIENCE_S = 30
# For all: clear text, HTTP/2 in clear text, TLS with either. The last one is warmgate's alone.
PORTS = ("PORT", "H2_PORT", "TLS_PORT", "ADMIN_PORT")
PROXIES = {
    "warmgate": ("warmgate.yaml", [WARMGATE, "serve", "-c"]),
    "nginx": ("nginx.conf", ["nginx", "-c"]),
    "haproxy": ("haproxy.cfg", ["haproxy", "-db", "-f"]),
    "nghttpx": ("nghttpx.conf", ["nghttpx", "--conf"]),
    "h2o": ("h2o.yaml", ["h2o", "-c"]),
}
FOR_HTTP1 = ("warmgate", "nginx", "haproxy")  # the others are known for HTTP/2
TOOLS = {"nginx": "nginx", "haproxy": "haproxy", "nghttpx": "nghttp2-proxy", "h2o": "h2o",
         "wrk": "wrk", "strace": "strace", "h2load": "nghttp2-client", "nghttp": "nghttp2-client",
         "nghttpd": "nghttp2-server", "openssl": "openssl", "valgrind": "valgrind",
         "callgrind_annotate": "valgrind"}
FOR_BACKENDS = ("nginx", "nghttpd", "openssl")


def free_ports(count):
    """All at once, so that they differ."""
    with contextlib.ExitStack() as stack:
        return [stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
                for _ in range(count)]


def cores():
    """The proxy's, and the one of the load and the backend."""
    available = sorted(os.sched_getaffinity(0))
    return available[0], available[1 % len(available)]


def pinned(core):
    """To one core; None: to none."""
    return lambda: os.sched_setaffinity(0, {core}) if core is not None else None


def cpu_ns(pid):
    """Of all threads since they began."""
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


def memory_bytes(pid):
    """Resident now."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", text).group(1)) * 1024


class Usage:
    """What is used of a core's processor time, or of the machine's, since this was made."""

    def __init__(self, core=""):
        self.core = core
        self.total, self.idle = self._times()

    def _times(self):
        line, = re.findall(rf"^cpu{self.core} +(.*)", pathlib.Path("/proc/stat").read_text(), re.M)
        values = [int(value) for value in line.split()[:8]]
        return sum(values), values[3] + values[4]

    def share(self):
        total, idle = self._times()
        return 1 - (idle - self.idle) / max(1, total - self.total)


def busy_before():
    """How far the figures can be trusted: what others use of the machine. Says so, too."""
    usage = Usage()
    time.sleep(1)
    share = usage.share()
    print(f"before: {share:.0%} of the machine is in use by others\n")
    return share


def table(head, rows):
    """Prints Markdown: for people as it stands, and for docs/performance.md."""
    rows = [head, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["| " + " | ".join([row[0].ljust(widths[0])] + [
        cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]) + " |" for row in rows]
    lines.insert(1, f"|{'-' * (widths[0] + 2)}|" + "".join(f"{'-' * (w + 1)}:|" for w in widths[1:]))
    print("\n".join(lines) + "\n")


def titles():
    """{proxy: what tables call it, with its version}"""
    result = {}
    for proxy in PROXIES:
        asked = subprocess.run([PROXIES[proxy][1][0], "--version" if proxy == "warmgate" else "-v"],
                               capture_output=True, text=True)
        version = re.search(r"\d+\.\d+", asked.stdout + asked.stderr)
        known = "HAProxy" if proxy == "haproxy" else proxy
        result[proxy] = proxy if proxy == "warmgate" else f"{known} {version.group()}"
    return result


def log_of(port, folder):
    return folder / f"{port}.log"


@contextlib.contextmanager
def running(command, core, port, folder):
    """The process id, once it listens at the port. What it writes goes to a file, log_of(port)."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise SystemExit(f"port {port} is in use by another program: run it again")
    log = log_of(port, folder)
    with open(log, "a") as messages:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=messages,
                                   stderr=messages, cwd=folder, preexec_fn=pinned(core))
    try:
        deadline = time.monotonic() + PATIENCE_S
        listens = False
        while not listens:
            time.sleep(0.05)
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                listens = True
            except OSError:
                pass
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[0]} does not listen at port {port}: {log.read_text()}")
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def check_tools(*names):
    """Of warmgate and these; and as many descriptors as there may be."""
    os.environ["PATH"] += ":/usr/sbin"
    missing = {TOOLS[name] for name in names if name in TOOLS and shutil.which(name) is None}
    if missing:
        raise SystemExit(f"missing: {' '.join(sorted(missing))}; tools/setup.sh bench installs it")
    if shutil.which(WARMGATE) is None:
        raise SystemExit(f"there is no program {WARMGATE}: 'make build' makes it, or WARMGATE says "
                         "where it is")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class World:
    """A context manager: a backend and the proxies before it. `pids` and `ports` by proxy. To compare
    numbers of threads nothing is pinned: there are not cores enough to give each of them one."""

    def __init__(self, proxies, events_port=1, threads=None):
        self.proxies = proxies
        self.threads = threads or 1
        self.events_port = events_port  # of a server for /events
        self.proxy_core, self.load_core = cores() if threads is None else (None, None)
        self.pids, self.ports = {}, {}
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.folder.chmod(0o755)  # nginx's worker may be another user
        authority = self.stack.enter_context(Authority())
        self.certificate, self.key = authority.issue()
        (self.folder / "both.pem").write_text(
            pathlib.Path(self.certificate).read_text() + pathlib.Path(self.key).read_text())
        (self.folder / "large").write_bytes(b"z" * MIB)
        self.grpc_request = self._write_grpc()
        self.backend, self.tls_backend, self.grpc_backend = free_ports(3)
        self._configure("backend.conf", {})
        try:
            for command, port in (
                    (["nginx", "-c", self.folder / "backend.conf"], self.backend),
                    (["nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", self.folder,
                      "--mime-types-file", self.folder / "types", "--trailer", "grpc-status: 0",
                      str(self.grpc_backend)], self.grpc_backend)):
                self.stack.enter_context(running(command, self.load_core, port, self.folder))
            for proxy in self.proxies:
                self._start(proxy)
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_):
        self.stack.close()

    def _write_grpc(self):
        """What the backend of gRPC answers with, a file, and the file of a request's body."""
        (self.folder / "grpc").mkdir()
        (self.folder / "grpc" / "unary.grpc").write_bytes(grpc_message(b"y" * 145))
        (self.folder / "types").write_text("application/grpc grpc\n")
        body = self.folder / "grpc-request"
        body.write_bytes(grpc_message(b"x" * 795))
        return body

    def empty_logs(self):
        """Between measurements, so that no disk fills and none is written to meanwhile."""
        for log in self.folder.glob("*.log"):
            os.truncate(log, 0)

    def _start(self, proxy):
        config, command = PROXIES[proxy]
        self.ports[proxy] = dict(zip(PORTS, free_ports(len(PORTS))))
        self._configure(config, self.ports[proxy])
        self.pids[proxy] = self.stack.enter_context(running(
            [*command, self.folder / config], self.proxy_core, self.ports[proxy]["TLS_PORT"],
            self.folder))

    def _configure(self, name, marks):
        text = (CONFIGS / name).read_text()
        marks = {"FOLDER": self.folder, "BACKEND": self.backend, "TLS_BACKEND": self.tls_backend,
                 "GRPC_BACKEND": self.grpc_backend, "EVENTS": self.events_port,
                 "CERTIFICATE": self.certificate, "KEY": self.key, "ANSWER": "y" * 150,
                 "THREADS": self.threads, **marks}
        for mark, value in marks.items():
            text = text.replace(f"@{mark}@", str(value))
        (self.folder / name).write_text(text)


def grpc_message(content):
    """As gRPC frames it: not compressed, its length, itself."""
    return b"\0" + len(content).to_bytes(4, "big") + content


def client_context():
    """TLS 1.3 without a look at the certificate: it is the proxy that is measured."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # a resumed 1.2 does without a key exchange
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
