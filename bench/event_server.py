#!/usr/bin/python3
"""A backend for bench/streams.py: answers any GET with a stream of events, each of 60 bytes with the
moment at which it was written.

  event_server.py PORT EVENTS INTERVAL_MS
"""
import asyncio
import sys
import time

EVENT_BYTES = 60
HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n")


def event():
    text = b"data: %d " % time.monotonic_ns()
    text = text.ljust(EVENT_BYTES - 2, b".") + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(text), text)


async def serve(reader, writer, events, interval_s):
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(HEAD)
            due = time.monotonic()
            for _ in range(events):
                writer.write(event())
                due += interval_s
                await asyncio.sleep(max(0, due - time.monotonic()))
            writer.write(b"0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        pass
    finally:
        writer.close()


async def main(port, events, interval_ms):
    server = await asyncio.start_server(lambda r, w: serve(r, w, events, interval_ms / 1000),
                                        "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:4])))
