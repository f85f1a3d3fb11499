#!/usr/bin/python3
"""What a client that does nothing costs in memory: 10,000 idle keep-alive connections, the same over
TLS (fewer: handshakes take time), and 10,000 requests that wait in warmgate's queue.

Resident bytes of the proxy's process, before and after, for each connection; the kernel's own memory
of sockets is not in it. Targets for warmgate: 10 KiB for an idle connection, 4 KiB and its body for a
waiting request, beside its connection.

  bench/memory.py [--connections 10000] [--tls-connections 2000] [--json FILE]
"""
import argparse
import contextlib
import json
import socket
import sys
import time

from world import (FOR_BACKENDS, FOR_HTTP1, PATIENCE_S, WARMGATE, World, check_tools, client_context,
                   cpu_ns, free_ports, memory_bytes, running, table, titles)

KIB = 1024
BODY_BYTES = 800
IDLE, IDLE_TLS, BEGUN = "idle connection", "idle connection with TLS 1.3", "begun request"
WAITS = f"request that waits, with a body of {BODY_BYTES} B, beside its connection"
TARGETS = {IDLE: "10", WAITS: "4 and the body"}
WAITING = """
listen: 127.0.0.1:@PORT@
admin: off
limits: {max_connections: 10500}
services:
  - name: bench
    slo: 1h
    timeouts: {total: 0s, first_byte: 1h}
    always_on: {backends: "http://127.0.0.1:@BACKEND@", concurrency: 1}
    queue: {max_requests: 20000, max_bytes: 1GiB, busy_wait: 1h}
    health: {enabled: false}
"""


def answered(connection, request):
    connection.sendall(request)
    received = b""
    while not received.endswith(b"y" * 150):
        piece = connection.recv(65536)
        if not piece:
            raise SystemExit(f"not answered: {received[:300]}")
        received += piece


def idle(world, proxy, count, tls):
    """Bytes for each of so many connections, on which one request was answered."""
    port = world.ports[proxy]["TLS_PORT" if tls else "PORT"]
    context = client_context() if tls else None
    request = b"GET /small HTTP/1.1\r\nHost: bench\r\n\r\n"

    def connect(stack):
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE_S))
        if tls:
            connection = stack.enter_context(context.wrap_socket(connection, server_hostname="bench"))
        answered(connection, request)

    with contextlib.ExitStack() as stack:
        for _ in range(20):  # what is made once
            connect(stack)
        before = memory_bytes(world.pids[proxy])
        for _ in range(count):
            connect(stack)
        return (memory_bytes(world.pids[proxy]) - before) / count


def waiting(world, count):
    """Bytes for each of so many requests that wait, beside their connections."""
    port, = free_ports(1)
    config = world.folder / "waiting.yaml"
    request = (b"POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
               b"Content-Length: %d\r\n\r\n" % BODY_BYTES) + b"x" * BODY_BYTES
    with contextlib.ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16))
        config.write_text(WAITING.replace("@PORT@", str(port)).replace(
            "@BACKEND@", str(silent.getsockname()[1])))
        pid = stack.enter_context(running([WARMGATE, "serve", "-c", config], world.proxy_core, port,
                                          world.folder))
        clients = []
        before = memory_bytes(pid)
        for _ in range(count):
            clients.append(stack.enter_context(socket.create_connection(("127.0.0.1", port),
                                                                        PATIENCE_S)))
            # A part of a request line: the connection is here, and has its buffer.
            clients[-1].sendall(request[:4])
        settled(pid)
        connected = memory_bytes(pid)
        for client in clients:
            client.sendall(request[4:])
        settled(pid)
        return ((connected - before) / count, (memory_bytes(pid) - connected) / count)


def settled(pid):
    """Waits until the process has done what there is to do: it uses less than 1 % of a core."""
    spent = -1e9
    while (now := cpu_ns(pid)) - spent > 5e6:
        spent = now
        time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--tls-connections", type=int, default=2_000)
    parser.add_argument("--json", metavar="FILE", type=argparse.FileType("w"))
    options = parser.parse_args()
    check_tools(*FOR_HTTP1, *FOR_BACKENDS)
    result = {}
    # One proxy after the other, and anew for each: what was once used stays with the process.
    for proxy in FOR_HTTP1:
        row = result[proxy] = {}
        most = min(options.connections, 9_400) if proxy == "haproxy" else options.connections
        with World([proxy]) as world:
            row[IDLE] = idle(world, proxy, most, tls=False)
        with World([proxy]) as world:
            row[IDLE_TLS] = idle(world, proxy, options.tls_connections, tls=True)
    with World([]) as world:
        result["warmgate"][BEGUN], result["warmgate"][WAITS] = waiting(world, options.connections)
    print(f"Resident bytes of the process for each of {options.connections} clients (over TLS "
          f"{options.tls_connections}), without the kernel's part\n")
    names = titles()
    table(["KiB", *(names[proxy] for proxy in result), "target"],
          [[what, *(f"{row[what] / KIB:.1f}" if what in row else "" for row in result.values()),
            TARGETS.get(what, "")] for what in result["warmgate"]])
    if options.json:
        json.dump(result, options.json, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
