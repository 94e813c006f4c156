"""What the webhook is compared with: Flask and the signature, nothing kept, on the same server with the same settings.

python -m bench.bare PORT WORKERS THREADS
"""

import hmac
import multiprocessing
import os
import sys

from flask import Flask, Response, request
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from bot.run.kin import die_with


def make_bare_app(app_secret: bytes) -> Flask:
    app = Flask("bare", static_folder=None)

    @app.post("/webhooks/messenger")
    def hear() -> Response:
        proof = "sha256=" + hmac.digest(app_secret, request.get_data(cache=False), "sha256").hex()
        right = hmac.compare_digest(proof.encode(), request.headers.get("X-Hub-Signature-256", "").encode())
        return Response("EVENT_RECEIVED" if right else "wrong signature", 200 if right else 403)

    return app


def main(port: int, workers: int, threads: int, app_secret: bytes) -> None:
    """As `bot.run.web.serve` starts the product."""
    multiprocessing.set_start_method("fork", force=True)
    server = MPServer(
        "bare",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=workers,
        blocking_threads=threads,
        log_level=LogLevels.error,
    )
    head = os.getpid()

    def load() -> Flask:
        die_with(head)
        return make_bare_app(app_secret)

    server.serve(target_loader=load, wrap_loader=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), os.environb[b"MESSENGER_APP_SECRET"])
