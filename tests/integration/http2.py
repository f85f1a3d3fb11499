"""An HTTP/2 client for tests that knows no rules: it sends frames as they are, and reads what comes
back. Frames and header blocks are those of python3-hyperframe and python3-hpack."""
import socket
import ssl
import time

import hpack
from hyperframe.frame import (DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame,
                              SettingsFrame, WindowUpdateFrame)

from harness import PATIENCE_S

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PROTOCOL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR, CANCEL = 1, 5, 6, 8
COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 9, 11
FRAME_HEAD = 9


class Client:
    """A context manager: one connection. `frames` are those that came, until the test takes them."""

    def __init__(self, address, context=None, settings={}, preface=PREFACE):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), PATIENCE_S)
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.socket.settimeout(PATIENCE_S)
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.received = b""
        self.ended = False
        self.send_bytes(preface)
        self.send(SettingsFrame(0, settings=settings))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # reading tells of the end, and perhaps why

    def send(self, *frames):
        self.send_bytes(b"".join(frame.serialize() for frame in frames))

    def request(self, stream, path="/", method="GET", more=(), ends=True, fields=None):
        """The HEADERS frame of a request."""
        if fields is None:
            fields = [(":method", method), (":scheme", "http"), (":path", path),
                      (":authority", "test"), *more]
        frame = HeadersFrame(stream, self.encoder.encode(fields, huffman=False))
        frame.flags.add("END_HEADERS")
        if ends:
            frame.flags.add("END_STREAM")
        return frame

    def data(self, stream, data, ends=False):
        frame = DataFrame(stream, data)
        if ends:
            frame.flags.add("END_STREAM")
        return frame

    def frame(self):
        """The next frame, or None at the connection's end."""
        while True:
            if len(self.received) >= FRAME_HEAD:
                frame, length = Frame.parse_frame_header(memoryview(self.received[:FRAME_HEAD]))
                if len(self.received) >= FRAME_HEAD + length:
                    frame.parse_body(memoryview(self.received[FRAME_HEAD:FRAME_HEAD + length]))
                    self.received = self.received[FRAME_HEAD + length:]
                    if isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
                        self.send(SettingsFrame(0, flags=["ACK"]))
                    if isinstance(frame, HeadersFrame):
                        frame.fields = self.decoder.decode(frame.data)
                    return frame
            if self.ended:
                return None
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            self.ended = not data
            self.received += data

    def until(self, kind, stream=None):
        """The next frame of that kind; None when the connection ends before it."""
        while (frame := self.frame()) is not None:
            if isinstance(frame, kind) and stream in (None, frame.stream_id):
                return frame
        return None

    def response(self, stream):
        """The status and body that come on a stream; the error code instead, where it is reset."""
        status, body = None, b""
        while (frame := self.frame()) is not None:
            if frame.stream_id != stream:
                continue
            if isinstance(frame, RstStreamFrame):
                return frame.error_code, body
            if isinstance(frame, HeadersFrame) and status is None:
                status = int(dict(frame.fields)[":status"])
            if isinstance(frame, DataFrame):
                body += frame.data
                if frame.data:
                    self.send(*(WindowUpdateFrame(id, len(frame.data)) for id in (0, stream)))
            if "END_STREAM" in frame.flags:
                return status, body
        return None, body

    def goaway(self):
        """The error code that the connection ends with; None when it is not told."""
        code = None
        while (frame := self.frame()) is not None:
            if isinstance(frame, GoAwayFrame):
                code = frame.error_code
        return code

    def flood(self, frames, most, at_a_time=100):
        """Sends what `frames(i)` gives until the connection ends; how many times that was."""
        sent = 0
        self.socket.settimeout(0)
        while sent < most and not self.ended:
            data = b"".join(frames(sent + i).serialize() for i in range(at_a_time))
            sent += at_a_time
            deadline = time.monotonic() + PATIENCE_S
            while data and not self.ended and time.monotonic() < deadline:
                try:
                    data = data[self.socket.send(data):]
                except (BlockingIOError, ssl.SSLWantWriteError):
                    self._drain()
                except OSError:
                    break
            if data:
                break
            self._drain()
        self.socket.settimeout(PATIENCE_S)
        return sent

    def _drain(self):
        try:
            data = self.socket.recv(1 << 20)
            self.received += data
            self.ended = not data
        except (BlockingIOError, ssl.SSLWantReadError):
            time.sleep(0.001)
        except OSError:
            self.ended = True
