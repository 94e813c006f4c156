"""The web process: Granian in front of the Flask application."""

import gc
import multiprocessing
import os
import socket
from typing import Any

from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from bot.run.app import TALLY, create_app
from bot.run.kin import die_with
from bot.run.settings import Settings
from bot.run.trouble import Trouble

HOST = "127.0.0.1"
OUR_LOG: dict[str, Any] = {"loggers": {"_granian": {"handlers": [], "propagate": True}}}
"""Granian's own would go to stdout, where nobody looks: that a worker fell is said nowhere else."""


def serve(settings: Settings) -> None:
    """Answer HTTP until SIGTERM or SIGINT; requests under way are finished. Raises `Trouble` if the port is taken.

    The workers are forked, so that they share what is imported by now, and the application is made in each of them:
    connections are never shared. They end with this process, however it ends.
    """
    refuse_taken_port(settings.port)
    multiprocessing.set_start_method("fork", force=True)
    server = MPServer(
        "chophien",
        address=HOST,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        respawn_failed_workers=True,
        workers_kill_timeout=3,  # an open event stream would never end by itself
        log_level=LogLevels.error,
        log_dictconfig=OUR_LOG,
    )
    head = os.getpid()

    def load() -> Flask:
        die_with(head)
        app = create_app(settings)
        app.extensions[TALLY].start()
        gc.collect()
        gc.freeze()  # what is made by now stays: to look through it again took 80 ms, amid an answer
        return app

    server.serve(target_loader=load, wrap_loader=False)


def refuse_taken_port(port: int) -> None:
    """Granian shares a port without a word, and two servers would answer in turns: look before. Raises `Trouble`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Trouble(f"port {port} is not free ({error.strerror}): choose another PORT") from error


def answers(port: int) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((HOST, port), timeout=0.5):
            return True
    except OSError:
        return False
