"""Certificates for tests, and a server that ends TLS in front of another one."""
import asyncio
import pathlib
import ssl
import subprocess
import tempfile
import threading

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(*arguments):
    subprocess.run(("openssl", *arguments), check=True, capture_output=True, stdin=subprocess.DEVNULL)


class Authority:
    """A context manager: a certificate authority in a folder that goes with it."""

    def __init__(self, name="Test Authority"):
        self.directory = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.directory.name)
        self.ca_file = str(self.folder / "ca.pem")
        openssl("req", "-x509", *NEW_KEY, "-keyout", str(self.folder / "ca.key"), "-out",
                self.ca_file, "-days", "30", "-subj", f"/CN={name}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.cleanup()

    def issue(self, label="server", names=("DNS:localhost", "IP:127.0.0.1"), days=30):
        """The files of a certificate and its key; those of the same label are replaced."""
        certificate, key = (str(self.folder / f"{label}.{kind}") for kind in ("pem", "key"))
        request = str(self.folder / f"{label}.csr")
        openssl("req", "-new", *NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={label}",
                "-addext", "subjectAltName=" + ",".join(names))
        openssl("x509", "-req", "-in", request, "-CA", self.ca_file, "-CAkey",
                str(self.folder / "ca.key"), "-CAcreateserial", "-days", str(days),
                "-copy_extensions", "copy", "-out", certificate)
        return certificate, key


class TlsFront:
    """A context manager: takes TLS at `port` and passes the bytes on to `target` ("host:port")."""

    def __init__(self, target, certificate, key, idle_s=None, client_ca=None, alpn=()):
        self.target = target.rsplit(":", 1)
        self.idle_s = idle_s  # closes a connection that was silent for so long
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        if alpn:
            self.context.set_alpn_protocols(alpn)
        if client_ca:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(client_ca)
        self.handshakes = 0
        self.resumed = 0
        self.names = []  # that clients asked for
        self.context.sni_callback = lambda _, name, __: self.names.append(name)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = self.run(asyncio.start_server(self.pass_on, "127.0.0.1", 0, ssl=self.context))
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"https://localhost:{self.port}"

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    async def pass_on(self, reader, writer):
        self.handshakes += 1
        self.resumed += writer.get_extra_info("ssl_object").session_reused
        try:
            onward_reader, onward_writer = await asyncio.open_connection(*self.target)
        except OSError:
            return writer.close()
        back = asyncio.ensure_future(self.copy(onward_reader, writer))
        await self.copy(reader, onward_writer, self.idle_s)
        await back

    @staticmethod
    async def copy(reader, writer, idle_s=None):
        try:
            while data := await asyncio.wait_for(reader.read(65536), idle_s):
                writer.write(data)
                await writer.drain()
        except (OSError, asyncio.TimeoutError):
            pass
        finally:
            writer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        async def stop():
            self.server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
        self.run(stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(60)
        self.loop.close()
