"""A host whose answer drips: one byte every tenth of a second, ten seconds long."""

import threading
from http.server import BaseHTTPRequestHandler

LENGTH = 100


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Answers a GET with bytes one by one, while there is somebody to take them."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(LENGTH))
    handler.end_headers()
    pause = threading.Event()
    try:
        for _ in range(LENGTH):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            pause.wait(0.1)
    except OSError:  # it was given up
        handler.close_connection = True
