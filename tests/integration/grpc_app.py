"""A gRPC server for tests, in clear text, without a schema: messages are bytes. It keeps to the
container contract; files in the directory FLAGS (environment) open its gates, as those of app.py."""
import concurrent.futures
import os
import pathlib
import threading
import time

import grpc

FLAGS = pathlib.Path(os.environ["FLAGS"])


def say(*words):
    print(*words, flush=True)


def unary(request, context):
    """Echoes the message and the metadata `x-ask`; `status N text` fails, `hold` waits for its gate."""
    text = request[:100].decode(errors="replace")
    say("unary", text[:20])
    for key, value in context.invocation_metadata():
        if key == "x-ask":
            context.send_initial_metadata((("x-answer", value),))
            context.set_trailing_metadata((("x-trailer", value),))
    if text.startswith("status "):
        _, code, words = text.split(" ", 2)
        codes = {code.value[0]: code for code in grpc.StatusCode}
        context.abort(codes[int(code)], words)
    while text == "hold" and not (FLAGS / "go").exists() and context.is_active():
        time.sleep(0.005)
    return request


def count(request, context):
    for number in range(int(request)):
        yield b"%d" % number


def total(requests, context):
    return b"%d" % sum(len(request) for request in requests)


def echo(requests, context):
    for request in requests:
        yield b"echo " + request


def wait(request, context):
    """Answers never; says when it was cancelled."""
    say("waiting")
    over = threading.Event()
    context.add_callback(lambda: (say("cancelled"), over.set()))
    yield b"begun"
    over.wait()


def check(request, context):
    return b"\x08\x01"  # SERVING


def main():
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Count": grpc.unary_stream_rpc_method_handler(count),
        "Total": grpc.stream_unary_rpc_method_handler(total),
        "Echo": grpc.stream_stream_rpc_method_handler(echo),
        "Wait": grpc.unary_stream_rpc_method_handler(wait),
    }
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(64),
                         options=(("grpc.max_receive_message_length", -1),))
    health = {"Check": grpc.unary_unary_rpc_method_handler(check)}
    server.add_generic_rpc_handlers((
        grpc.method_handlers_generic_handler("t.Test", handlers),
        grpc.method_handlers_generic_handler("grpc.health.v1.Health", health)))
    port = server.add_insecure_port(f"127.0.0.1:{os.environ['PORT']}")
    server.start()
    say(f"listening on 127.0.0.1:{port}")
    server.wait_for_termination()


if __name__ == "__main__":
    main()
