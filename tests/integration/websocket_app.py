"""A WebSocket server for tests (python3-websockets); what it does, the path says. Readiness is plain
HTTP, as of any backend. Listens on PORT (environment), or on a free port."""
import asyncio
import http
import os
import signal
import sys

import websockets


async def serve(socket):
    match socket.path.split("/")[1:]:
        case ["echo"]:
            async for message in socket:
                await socket.send(message)
        case ["burst", count, size]:  # faster than anybody reads
            for number in range(int(count)):
                await socket.send(number.to_bytes(4, "big") * (int(size) // 4))
        case ["close", code]:
            await socket.recv()
            await socket.close(int(code), "as asked")
        case ["listen"]:  # says nothing but pongs
            await socket.wait_closed()


async def answer_plainly(path, _):
    if path == "/v2/health/ready":
        return http.HTTPStatus.OK, [], b"ready\n"
    if path == "/refuse":
        return http.HTTPStatus.FORBIDDEN, [("X-Why", "test")], b"not you\n"
    return None


async def main():
    ending = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set_result, None)
    port = int(os.environ.get("PORT", 0))
    async with websockets.serve(serve, "127.0.0.1", port, process_request=answer_plainly,
                                max_size=None, ping_interval=None) as server:
        print("listening on 127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
        await ending


asyncio.run(main(), debug=False)
sys.exit(0)
