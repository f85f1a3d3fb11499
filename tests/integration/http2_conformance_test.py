"""What RFC 9113 and RFC 7541 ask of a server, section by section and frame by frame, as the public
suite h2spec does (whose section numbers of RFC 7540 stand here too, where they differ). Each case is a
line: the section, what is sent, and the reactions that are right.

Reactions are stricter than h2spec's in one thing: a connection that we end for an error says why, by
GOAWAY, before it closes. They are more lenient in another: RFC 9113 has no priorities any more."""
import unittest

from hyperframe.frame import (DataFrame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame,
                              SettingsFrame)

from harness import App, Gateway, ProcessTest
from http2 import ENHANCE_YOUR_CALM, Client

CONFIG = """
services:
  - {{name: app, slo: 20s, always_on: {{backends: '{url}', concurrency: 200}},
     health: {{enabled: false}}}}
"""
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED,
 FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR) = range(10)
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    range(10))
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 1, 1, 4, 8, 32
MOST_WINDOW = (1 << 31) - 1
LARGEST_FRAME = 1 << 14
MAX_STREAMS = 100


def raw(kind, flags=0, stream=0, payload=b"", length=None):
    """The bytes of a frame, right or wrong."""
    length = len(payload) if length is None else length
    return (length.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload)


def u32(number):
    return number.to_bytes(4, "big")


def setting(key, value):
    return key.to_bytes(2, "big") + u32(value)


GET = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "test")]
POST = [(":method", "POST"), *GET[1:]]


def literal(name, value):
    """A field that is not indexed (RFC 7541, 6.2.2), without Huffman."""
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def block(fields):
    return b"".join(literal(name, value) for name, value in fields)


def head(stream=1, fields=GET, flags=END_STREAM | END_HEADERS, more=b"", path=None):
    if path:
        fields = [(name, path if name == ":path" else value) for name, value in fields]
    return raw(HEADERS, flags, stream, block(fields) + more)


def without(name):
    return [field for field in GET if field[0] != name]


OPEN = head(fields=POST, flags=END_HEADERS)  # stream 1 is open
HELD = head(path="/hold/never")              # ... or half closed (remote), and stays so
UNFINISHED = head(flags=END_STREAM)          # its header block goes on
RESET = raw(RST_STREAM, 0, 1, u32(CANCEL))


# Reactions. Each reads from the client and raises AssertionError.

def goes_on(test, client):
    """The connection does."""
    client.send_bytes(raw(PING, 0, 0, b"is there"))
    while (frame := client.frame()) is not None:
        test.assertNotIsInstance(frame, GoAwayFrame)
        if isinstance(frame, PingFrame) and frame.opaque_data == b"is there":
            break
    test.assertIsNotNone(frame, "the connection was ended")


def fine(test, client):
    """The connection goes on, and the next request is answered."""
    goes_on(test, client)
    client.send_bytes(head(stream=901))
    test.assertEqual(client.response(901)[0], 200)


def answered(status, stream=1):
    """The stream has an answer; the connection goes on."""
    def check(test, client):
        test.assertEqual(client.response(stream)[0], status)
        fine(test, client)
    return check


def connection_error(*codes):
    def check(test, client):
        test.assertIn(client.goaway(), codes)
    return check


def stream_error(*codes, stream=1, or_status=(), then=fine):
    """RST_STREAM, or GOAWAY (RFC 9113, 5.4.2: a stream error may be taken for one of the connection);
    for a malformed request an answer that says so is right as well (8.1.1)."""
    def check(test, client):
        while (frame := client.frame()) is not None:
            if isinstance(frame, (RstStreamFrame, GoAwayFrame)):
                test.assertIn(frame.error_code, codes)
                break
            if isinstance(frame, HeadersFrame) and frame.stream_id == stream:
                test.assertIn(int(dict(frame.fields)[":status"]), or_status)
                break
        test.assertIsNotNone(frame, "the connection ended without a word")
        if not isinstance(frame, GoAwayFrame):
            then(test, client)
    return check


def ignored_or(*codes):
    """RFC 9113, 5.1: frames for a closed stream may be an error, or, as they may have been under way
    when the stream was closed, ignored; but for the connection (windows, header compression)."""
    def check(test, client):
        client.send_bytes(raw(PING, 0, 0, b"is there"))
        while (frame := client.frame()) is not None:
            if isinstance(frame, (RstStreamFrame, GoAwayFrame)):
                return test.assertIn(frame.error_code, codes)
            if isinstance(frame, PingFrame):
                return fine(test, client)
        raise AssertionError("the connection ended without a word")
    return check


malformed = stream_error(PROTOCOL_ERROR, or_status=(400,))
protocol_error = connection_error(PROTOCOL_ERROR)
size_error = connection_error(FRAME_SIZE_ERROR)
compression_error = connection_error(COMPRESSION_ERROR)
closed = stream_error(STREAM_CLOSED)
closed_or_ignored = ignored_or(STREAM_CLOSED)

# section, what is sent behind the preface and an empty SETTINGS, reaction
STREAMS = [
    ("5.1 idle: DATA", raw(DATA, END_STREAM, 1, b"test"), protocol_error),
    ("5.1 idle: RST_STREAM", RESET, protocol_error),
    ("5.1 idle: WINDOW_UPDATE", raw(WINDOW_UPDATE, 0, 1, u32(100)), protocol_error),
    ("5.1 idle: CONTINUATION", raw(CONTINUATION, END_HEADERS, 1, block(GET)), protocol_error),
    ("5.1 idle: PRIORITY", raw(PRIORITY, 0, 1, u32(0) + b"\xff"), fine),
    ("5.1 half closed: DATA", HELD + raw(DATA, END_STREAM, 1, b"test"), closed),
    ("5.1 half closed: HEADERS", HELD + head(), closed),
    ("5.1 half closed: CONTINUATION", HELD + raw(CONTINUATION, END_HEADERS, 1, block(GET)),
     stream_error(STREAM_CLOSED, PROTOCOL_ERROR)),
    ("5.1 half closed: WINDOW_UPDATE", HELD + raw(WINDOW_UPDATE, 0, 1, u32(100)), fine),
    ("5.1 half closed: PRIORITY", HELD + raw(PRIORITY, 0, 1, u32(0) + b"\xff"), fine),
    ("5.1 half closed: RST_STREAM", HELD + RESET, fine),
    ("5.1 closed by RST_STREAM: DATA", OPEN + RESET + raw(DATA, END_STREAM, 1, b"test"),
     closed_or_ignored),
    ("5.1 closed by RST_STREAM: HEADERS", OPEN + RESET + head(), closed_or_ignored),
    ("5.1 closed by RST_STREAM: CONTINUATION",
     OPEN + RESET + raw(CONTINUATION, END_HEADERS, 1, block(GET)),
     stream_error(STREAM_CLOSED, PROTOCOL_ERROR)),
    ("5.1 closed by RST_STREAM: PRIORITY", OPEN + RESET + raw(PRIORITY, 0, 1, u32(0) + b"\xff"), fine),
    ("5.1 closed by RST_STREAM: RST_STREAM", OPEN + RESET + RESET, fine),
    ("5.1.1 an even number", head(stream=2), protocol_error),
    # An error of the connection, by 5.1.1. nghttp2 does not remember which of the smaller numbers
    # were in use, takes it for a stream that is closed, and may ignore that by 5.1.
    ("5.1.1 a smaller number", head(stream=5, path="/hold/never") + head(stream=3),
     ignored_or(PROTOCOL_ERROR, STREAM_CLOSED)),
    ("5.1.2 too many streams",
     b"".join(head(stream=2 * i + 1, path="/hold/never") for i in range(MAX_STREAMS + 1)),
     stream_error(PROTOCOL_ERROR, REFUSED_STREAM, stream=2 * MAX_STREAMS + 1, then=goes_on)),
    # RFC 7540, 5.3.1 made these errors. RFC 9113 has taken priorities back: they may be ignored.
    ("5.3.1 HEADERS that depend on themselves",
     raw(HEADERS, END_STREAM | END_HEADERS | WITH_PRIORITY, 1, u32(1) + b"\xff" + block(GET)),
     stream_error(PROTOCOL_ERROR, or_status=(200,))),
    ("5.3.1 PRIORITY that depends on itself", raw(PRIORITY, 0, 1, u32(1) + b"\xff"), fine),
]

FRAMES = [
    ("4.1 a frame of unknown type", raw(0x16, 0, 0, b"\0" * 8), fine),
    ("4.1 undefined flags", raw(PING, 0xFE, 0, b"\0" * 8), fine),
    ("4.1 the reserved bit", raw(PING, 0, 1 << 31, b"\0" * 8), fine),
    ("4.2 DATA of 2^14 bytes", OPEN + raw(DATA, END_STREAM, 1, b"x" * LARGEST_FRAME), answered(200)),
    ("4.2 DATA too large", OPEN + raw(DATA, END_STREAM, 1, b"x" * (LARGEST_FRAME + 1)),
     stream_error(FRAME_SIZE_ERROR)),
    ("4.2 HEADERS too large", raw(HEADERS, END_STREAM | END_HEADERS, 1, b"\0" * (LARGEST_FRAME + 1)),
     size_error),
    ("4.3 an invalid header block", raw(HEADERS, END_STREAM | END_HEADERS, 1, b"\x40"),
     compression_error),
    ("4.3 PRIORITY within a header block", UNFINISHED + raw(PRIORITY, 0, 1, u32(0) + b"\xff"),
     protocol_error),
    ("4.3 another stream's HEADERS within a header block", UNFINISHED + head(stream=3),
     protocol_error),
    ("5.4.1 an error of the connection closes it, behind a GOAWAY", raw(PING, 0, 0, b"short"),
     size_error),
    ("5.5 an unknown extension", raw(0xF0, 0xFF, 1, b"12345678"), fine),
    ("5.5 an unknown extension within a header block", UNFINISHED + raw(0xF0, 0, 0, b"12345678"),
     protocol_error),
    ("6.1 DATA without a stream", raw(DATA, END_STREAM, 0, b"test"), protocol_error),
    ("6.1 DATA for a stream that is closed", HELD + raw(DATA, 0, 1, b"test"), closed),
    ("6.1 DATA with too much padding", OPEN + raw(DATA, END_STREAM | PADDED, 1, b"\x06test"),
     protocol_error),
    ("6.1 DATA that is all padding", OPEN + raw(DATA, END_STREAM | PADDED, 1, b"\x04\0\0\0\0"),
     answered(200)),
    ("6.2 HEADERS without a stream", head(stream=0), protocol_error),
    ("6.2 HEADERS with too much padding",
     raw(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, b"\xff" + block(GET)), protocol_error),
    ("6.2 HEADERS with padding",
     raw(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, b"\x02" + block(GET) + b"\0\0"), answered(200)),
    ("6.2 HEADERS with a priority",
     raw(HEADERS, END_STREAM | END_HEADERS | WITH_PRIORITY, 1, u32(0) + b"\x0f" + block(GET)),
     answered(200)),
    ("6.3 PRIORITY without a stream", raw(PRIORITY, 0, 0, u32(0) + b"\xff"), protocol_error),
    ("6.3 PRIORITY of the wrong size", HELD + raw(PRIORITY, 0, 1, u32(0)),
     stream_error(FRAME_SIZE_ERROR)),
    ("6.4 RST_STREAM without a stream", raw(RST_STREAM, 0, 0, u32(CANCEL)), protocol_error),
    ("6.4 RST_STREAM of an idle stream", raw(RST_STREAM, 0, 7, u32(CANCEL)), protocol_error),
    ("6.4 RST_STREAM of the wrong size", HELD + raw(RST_STREAM, 0, 1, b"\0\0\0"), size_error),
    ("6.5 SETTINGS that acknowledge and set", raw(SETTINGS, ACK, 0, b"\0"), size_error),
    ("6.5 SETTINGS of a stream", raw(SETTINGS, 0, 1, setting(3, 100)), protocol_error),
    ("6.5 SETTINGS of the wrong size", raw(SETTINGS, 0, 0, b"\0\3\0"), size_error),
    ("6.5.2 ENABLE_PUSH 2", raw(SETTINGS, 0, 0, setting(2, 2)), protocol_error),
    ("6.5.2 INITIAL_WINDOW_SIZE 2^31", raw(SETTINGS, 0, 0, setting(4, MOST_WINDOW + 1)),
     connection_error(FLOW_CONTROL_ERROR)),
    ("6.5.2 MAX_FRAME_SIZE 2^14 - 1", raw(SETTINGS, 0, 0, setting(5, LARGEST_FRAME - 1)),
     protocol_error),
    ("6.5.2 MAX_FRAME_SIZE 2^24", raw(SETTINGS, 0, 0, setting(5, 1 << 24)), protocol_error),
    ("6.5.2 an unknown setting", raw(SETTINGS, 0, 0, setting(0xFF, 1)), fine),
    ("6.6 PUSH_PROMISE of a client", raw(PUSH_PROMISE, END_HEADERS, 1, u32(2) + block(GET)),
     protocol_error),
    ("6.7 PING that acknowledges", raw(PING, ACK, 0, b"whatever"), fine),
    ("6.7 PING of a stream", raw(PING, 0, 1, b"12345678"), protocol_error),
    ("6.7 PING of the wrong size", raw(PING, 0, 0, b"123456"), size_error),
    ("6.8 GOAWAY of a stream", raw(GOAWAY, 0, 1, u32(0) + u32(0)), protocol_error),
    ("6.9 WINDOW_UPDATE of 0 for the connection", raw(WINDOW_UPDATE, 0, 0, u32(0)), protocol_error),
    ("6.9 WINDOW_UPDATE of 0 for a stream", HELD + raw(WINDOW_UPDATE, 0, 1, u32(0)),
     stream_error(PROTOCOL_ERROR)),
    ("6.9 WINDOW_UPDATE of the wrong size", raw(WINDOW_UPDATE, 0, 0, b"\0\0\1"), size_error),
    ("6.9.1 the connection's window beyond 2^31 - 1", 2 * raw(WINDOW_UPDATE, 0, 0, u32(MOST_WINDOW)),
     connection_error(FLOW_CONTROL_ERROR)),
    ("6.9.1 a stream's window beyond 2^31 - 1",
     HELD + 2 * raw(WINDOW_UPDATE, 0, 1, u32(MOST_WINDOW)), stream_error(FLOW_CONTROL_ERROR)),
    # An error of the connection, by the RFC; nghttp2 ends the streams whose windows overflow.
    ("6.9.2 INITIAL_WINDOW_SIZE overflows an open window",
     HELD + raw(WINDOW_UPDATE, 0, 1, u32(MOST_WINDOW - 65535)) +
     raw(SETTINGS, 0, 0, setting(4, 65536)), stream_error(FLOW_CONTROL_ERROR)),
    ("6.10 CONTINUATION twice", UNFINISHED + raw(CONTINUATION, 0, 1, literal("x", "1")) +
     raw(CONTINUATION, END_HEADERS, 1, literal("y", "2")), answered(200)),
    ("6.10 another frame within a header block", UNFINISHED + raw(DATA, END_STREAM, 1, b"test"),
     protocol_error),
    ("6.10 CONTINUATION without a stream", UNFINISHED + raw(CONTINUATION, END_HEADERS, 0, b""),
     protocol_error),
    ("6.10 CONTINUATION behind complete HEADERS", HELD + raw(CONTINUATION, END_HEADERS, 1, b""),
     stream_error(PROTOCOL_ERROR, STREAM_CLOSED)),
    ("6.10 CONTINUATION behind a complete CONTINUATION",
     UNFINISHED + 2 * raw(CONTINUATION, END_HEADERS, 1, b""),
     stream_error(PROTOCOL_ERROR, STREAM_CLOSED)),
    ("6.10 CONTINUATION behind DATA",
     OPEN + raw(DATA, 0, 1, b"test") + raw(CONTINUATION, END_HEADERS, 1, b""), protocol_error),
    ("7 RST_STREAM with an unknown code", HELD + raw(RST_STREAM, 0, 1, u32(0xFF)), fine),
    # GOAWAY with an unknown code: it is a GOAWAY like any (test_a_goaway_of_unknown_code).
]

MESSAGES = [
    ("8.1 a second HEADERS without END_STREAM", OPEN + head(fields=[("x", "1")], flags=END_HEADERS),
     malformed),
    ("8.1 trailers", OPEN + raw(DATA, 0, 1, b"test") + head(fields=[("x", "1")]), answered(200)),
    ("8.1 a pseudo-header in the trailers",
     OPEN + raw(DATA, 0, 1, b"test") + head(fields=[(":method", "200")]), malformed),
    ("8.2.1 upper case in a name (RFC 7540, 8.1.2)", head(fields=[*GET, ("X-Test", "1")]), malformed),
    ("8.2.1 NUL in a value", head(fields=[*GET, ("x", "a\0b")]), malformed),
    ("8.2.1 LF in a value", head(fields=[*GET, ("x", "a\nb")]), malformed),
    ("8.2.1 CR in a value", head(fields=[*GET, ("x", "a\rb")]), malformed),
    ("8.2.1 a space before a value", head(fields=[*GET, ("x", " a")]), malformed),
    ("8.2.1 a colon in a name", head(fields=[*GET, ("x:y", "a")]), malformed),
    ("8.2.1 an empty name", head(more=literal("", "a")), malformed),
    ("8.2.2 connection", head(fields=[*GET, ("connection", "keep-alive")]), malformed),
    ("8.2.2 keep-alive", head(fields=[*GET, ("keep-alive", "1")]), malformed),
    ("8.2.2 proxy-connection", head(fields=[*GET, ("proxy-connection", "keep-alive")]), malformed),
    ("8.2.2 transfer-encoding", head(fields=[*GET, ("transfer-encoding", "chunked")]), malformed),
    ("8.2.2 upgrade", head(fields=[*GET, ("upgrade", "h2c")]), malformed),
    ("8.2.2 te that is not trailers", head(fields=[*GET, ("te", "trailers, deflate")]), malformed),
    ("8.2.2 te: trailers", head(fields=[*GET, ("te", "trailers")]), answered(200)),
    ("8.3 an unknown pseudo-header (RFC 7540, 8.1.2.1)", head(fields=[*GET, (":test", "ok")]),
     malformed),
    ("8.3 a response's pseudo-header", head(fields=[*GET, (":status", "200")]), malformed),
    ("8.3 a pseudo-header behind a field", head(fields=[*GET[1:], ("x", "1"), GET[0]]), malformed),
    ("8.3.1 an empty :path (RFC 7540, 8.1.2.3)", head(fields=[*without(":path"), (":path", "")]),
     malformed),
    ("8.3.1 no :method", head(fields=without(":method")), malformed),
    ("8.3.1 no :scheme", head(fields=without(":scheme")), malformed),
    ("8.3.1 no :path", head(fields=without(":path")), malformed),
    ("8.3.1 :method twice", head(fields=[*GET, GET[0]]), malformed),
    ("8.3.1 :scheme twice", head(fields=[*GET, GET[1]]), malformed),
    ("8.3.1 :path twice", head(fields=[*GET, GET[2]]), malformed),
    ("8.3.1 :authority twice", head(fields=[*GET, GET[3]]), malformed),
    ("8.3.1 :authority with user information",
     head(fields=[*without(":authority"), (":authority", "me@test")]), malformed),
    ("8.3.1 :path without a slash", head(fields=[*without(":path"), (":path", "test")]), malformed),
    ("8.3.1 :path that smuggles a line",
     head(fields=[*without(":path"), (":path", "/ HTTP/1.1\r\nX: y")]), malformed),
    ("8.3.1 :method that smuggles a line",
     head(fields=[*without(":method"), (":method", "GET / HTTP/1.1\r\nX: y\r\n")]), malformed),
    ("8.1.1 a body shorter than its length (RFC 7540, 8.1.2.6)",
     head(fields=[*POST, ("content-length", "5")], flags=END_HEADERS) +
     raw(DATA, END_STREAM, 1, b"test"), malformed),
    ("8.1.1 a body longer than its length, in pieces",
     head(fields=[*POST, ("content-length", "5")], flags=END_HEADERS) +
     raw(DATA, 0, 1, b"test") + raw(DATA, END_STREAM, 1, b"test"), malformed),
    ("8.1.1 a length, and no body", head(fields=[*POST, ("content-length", "5")]), malformed),
    ("8.1.1 a length that is no number", head(fields=[*POST, ("content-length", "5x")]), malformed),
    ("8.1.1 two lengths",
     head(fields=[*POST, ("content-length", "0"), ("content-length", "1")]), malformed),
    ("8.4 push of a client (RFC 7540, 8.2)",
     HELD + raw(PUSH_PROMISE, END_HEADERS, 1, u32(2) + block(GET)), protocol_error),
]

COMPRESSION = [
    ("7541 2.3.3 an index beyond the tables", head(more=b"\xc6"), compression_error),
    ("7541 2.3.3 a literal with an index beyond the tables", head(more=b"\x7f\x07\x01x"),
     compression_error),
    ("7541 4.2 a table size at the end of a block", head(more=b"\x3f\x61"), compression_error),
    ("7541 4.2 a table size at the beginning of a block",
     raw(HEADERS, END_STREAM | END_HEADERS, 1, b"\x20" + block(GET)), answered(200)),
    ("7541 5.1 an integer without end", head(more=b"\xff" * 12), compression_error),
    ("7541 5.2 Huffman padding of more than 7 bits", head(more=b"\x00\x01x\x82\x1f\xff"),
     compression_error),
    ("7541 5.2 Huffman padding of zeros", head(more=b"\x00\x01x\x81\x18"), compression_error),
    ("7541 5.2 Huffman with EOS", head(more=b"\x00\x01x\x84\xff\xff\xff\xff"), compression_error),
    ("7541 5.2 a string beyond the block", head(more=b"\x00\x01x\x7e"), compression_error),
    ("7541 6.1 index 0", head(more=b"\x80"), compression_error),
    ("7541 6.1 an index of the static table",
     raw(HEADERS, END_STREAM | END_HEADERS, 1, b"\x82\x86\x84" + literal(":authority", "test")),
     answered(200)),
    ("7541 6.2.1 a literal that is indexed, then its index", head(more=b"\x40\x01x\x01y\xbe"),
     answered(200)),
    ("7541 6.2.3 a literal that is never indexed", head(more=b"\x10\x01x\x01y"), answered(200)),
    ("7541 6.3 a table larger than allowed",
     raw(HEADERS, END_STREAM | END_HEADERS, 1, b"\x3f\xe2\x1f" + block(GET)), compression_error),
]


class Conformance(ProcessTest):
    @classmethod
    def setUpClass(cls):
        cls.app = cls.enterClassContext(App())
        cls.gateway = cls.enterClassContext(Gateway(config=CONFIG.format(url=cls.app.url)))

    def connect(self, **settings):
        return Client(self.gateway.address, **settings)

    def check(self, cases):
        for name, sent, reaction in cases:
            with self.subTest(name), self.connect() as client:
                client.send_bytes(sent)
                reaction(self, client)
        self.assertEqual(self.gateway.get("/").status, 200)

    def test_streams(self):
        self.check(STREAMS)

    def test_frames(self):
        self.check(FRAMES)

    def test_messages(self):
        self.check(MESSAGES)

    def test_header_compression(self):
        self.check(COMPRESSION)

    def test_preface(self):
        """3.4 (RFC 7540, 3.5): our SETTINGS come first. Without the client's, the connection ends."""
        with self.connect() as client:
            self.assertIsInstance(client.frame(), SettingsFrame)
            fine(self, client)
        with self.connect(preface=b"PRI * HTTP/2.0\r\n\r\nMS\r\n\r\n") as client:
            self.assertIn(client.goaway(), (PROTOCOL_ERROR, None))
        with self.connect(preface=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + raw(PING, 0, 0, b"\0" * 8)) as client:
            self.assertEqual(client.goaway(), PROTOCOL_ERROR)

    def test_settings_are_acknowledged(self):
        """6.5.3"""
        with self.connect() as client:
            while "ACK" not in (frame := client.until(SettingsFrame)).flags:
                pass
            client.send(SettingsFrame(0, settings={SettingsFrame.MAX_CONCURRENT_STREAMS: 100}))
            while "ACK" not in (frame := client.until(SettingsFrame)).flags:
                self.assertIsNotNone(frame)

    def test_settings_are_processed_in_their_order(self):
        """6.5.3"""
        with self.connect() as client:
            client.send_bytes(raw(SETTINGS, 0, 0, setting(4, 100) + setting(4, 1)) +
                              head(path="/big/10"))
            self.assertEqual(len(client.until(DataFrame).data), 1)

    def test_a_ping_is_answered_with_what_it_said(self):
        """6.7"""
        with self.connect() as client:
            client.send_bytes(raw(PING, 0, 0, b"h2spec\0\1"))
            frame = client.until(PingFrame)
            self.assertEqual((frame.opaque_data, frame.flags), (b"h2spec\0\1", {"ACK"}))

    def test_a_window_may_become_larger_and_negative(self):
        """6.9.2: a change of INITIAL_WINDOW_SIZE changes the windows of open streams by as much."""
        with self.connect(settings={SettingsFrame.INITIAL_WINDOW_SIZE: 0}) as client:
            client.send_bytes(head(path="/big/10"))
            self.assertEqual(dict(client.until(HeadersFrame).fields)[":status"], "200")
            client.send_bytes(raw(SETTINGS, 0, 0, setting(4, 1)))
            self.assertEqual(len(client.until(DataFrame).data), 1)
        with self.connect(settings={SettingsFrame.INITIAL_WINDOW_SIZE: 3}) as client:
            client.send_bytes(head(path="/big/10"))
            self.assertEqual(len(client.until(DataFrame).data), 3)
            client.send_bytes(raw(SETTINGS, 0, 0, setting(4, 2)))  # the window is -1 now
            client.send_bytes(raw(WINDOW_UPDATE, 0, 1, u32(2)))    # ... and 1
            self.assertEqual(len(client.until(DataFrame).data), 1)

    def test_frames_for_streams_that_have_ended(self):
        """5.1 closed: behind END_STREAM of both sides."""
        for name, sent, reaction in [
                ("DATA", raw(DATA, END_STREAM, 1, b"test"), closed_or_ignored),
                ("HEADERS", head(), closed_or_ignored),
                ("CONTINUATION", raw(CONTINUATION, END_HEADERS, 1, block(GET)),
                 stream_error(STREAM_CLOSED, PROTOCOL_ERROR))]:
            with self.subTest(name), self.connect() as client:
                client.send_bytes(head())
                self.assertEqual(client.response(1)[0], 200)
                client.send_bytes(sent)
                reaction(self, client)
        with self.connect() as client:
            client.send_bytes(head())
            self.assertEqual(client.response(1)[0], 200)
            client.send_bytes(raw(PRIORITY, 0, 1, u32(0) + b"\xff") + RESET +
                              raw(WINDOW_UPDATE, 0, 1, u32(1)))
            fine(self, client)

    def test_a_goaway_of_unknown_code(self):
        """6.8, 7: what runs is finished; the code has no meaning of its own."""
        with self.connect() as client:
            client.send_bytes(head() + raw(GOAWAY, 0, 0, u32(0) + u32(0xFF) + b"why not"))
            self.assertEqual(client.response(1)[0], 200)

    def test_limits_of_the_configuration(self):
        limits = """
http2: {max_concurrent_streams: 3, stream_window: 16KiB, connection_window: 64KiB, resets: 5,
        resets_per_second: 0, idle_frames: 100, idle_frames_per_second: 1}
"""
        gateway = self.start(Gateway(config=limits + CONFIG.format(url=self.app.url)))
        with Client(gateway.address) as client:
            told = client.until(SettingsFrame).settings
            self.assertEqual(told[SettingsFrame.MAX_CONCURRENT_STREAMS], 3)
            self.assertEqual(told[SettingsFrame.INITIAL_WINDOW_SIZE], 16 << 10)
            client.send_bytes(b"".join(head(stream=i, path="/hold/never") for i in (1, 3, 5, 7)))
            self.assertEqual(client.goaway(), PROTOCOL_ERROR)  # the client knew
        for sent in (b"".join(head(stream=2 * i + 1, path="/hold/never") +
                              raw(RST_STREAM, 0, 2 * i + 1, u32(CANCEL)) for i in range(6)),
                     101 * raw(PING, 0, 0, b"\0" * 8)):
            with Client(gateway.address) as client:
                client.send_bytes(sent)
                self.assertEqual(client.goaway(), ENHANCE_YOUR_CALM)
        self.assertEqual(gateway.status()["http2"]["floods"], 2)

    def test_methods(self):
        with self.connect() as client:
            client.send_bytes(head(fields=[(":method", "HEAD"), *GET[1:]]))
            self.assertEqual(client.response(1), (200, b""))
            client.send_bytes(head(stream=3, fields=POST, flags=END_HEADERS) +
                              raw(DATA, 0, 3, b"te") + raw(DATA, END_STREAM | PADDED, 3, b"\x01st\0"))
            status, body = client.response(3)
            self.assertEqual(status, 200)
            self.assertIn(b'"bytes": 4', body)


if __name__ == "__main__":
    unittest.main(verbosity=2)
