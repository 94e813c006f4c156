"""Two threads read something for the first time, the second while the first is still learning what it looks like.

`python -m tests.unit.first_readers item`: msgspec alone; `learnt`: after `learn_shapes`; `web VAR_DIR`: two signed
deliveries to the application as its process makes it, from an empty interpreter. Prints what came of both.
"""

import hashlib
import hmac
import json
import resource
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from tests.conftest import NOW, SECRET, opened

APP_SECRET = "app secret"
ITEM = {"sender": {"id": "5"}, "recipient": {"id": "1001"}, "timestamp": 1, "message": {"mid": "m", "text": "chào"}}


def side_by_side(read: Callable[[], object]) -> list[object]:
    """What both got: the second begins, and ends, when msgspec comes to the second class that the first needs.

    By then the first class shows itself to all threads, and none of its fields is known. Where msgspec needs not look
    at any class, the second begins when the first is done.
    """
    looked = 0
    results: list[object] = []

    def second() -> None:
        thread = threading.Thread(target=lambda: results.append(read()))
        thread.start()
        thread.join()

    def trace(frame: FrameType, event: str, _what: Any) -> None:
        nonlocal looked
        if event == "call" and frame.f_code.co_name == "get_class_annotations":
            looked += 1
            if looked == 2:
                second()

    def first() -> None:
        sys.settrace(trace)
        try:
            results.append(read())
        finally:
            sys.settrace(None)

    thread = threading.Thread(target=first)
    thread.start()
    thread.join()
    if looked < 2:
        second()
    return results


def item_reader() -> Callable[[], object]:
    from handlers.channels.messenger.shapes import Item

    return lambda: msgspec.convert(ITEM, Item).timestamp


def webhook(folder: Path) -> Callable[[], object]:
    from bot.run.app import create_app
    from bot.run.logs import set_up_logs
    from bot.run.settings import Settings
    from catalog.migrate import to_head
    from catalog.seed import seed

    settings = Settings.read(
        {
            "VAR_DIR": str(folder),
            "SECRET_KEY": SECRET,
            "REDIS_URL": f"unix://{folder}/nobody.sock",
            "MESSENGER_APP_SECRET": APP_SECRET,
            "MESSENGER_VERIFY_TOKEN": "hello",
        }
    )
    set_up_logs(settings)
    to_head(settings.database_url)
    database = opened(settings.database_url)
    seed(database, NOW)
    database.close()
    app = create_app(settings)
    body = json.dumps({"object": "page", "entry": [{"id": "1001", "time": 1, "messaging": [ITEM]}]}).encode()
    signature = f"sha256={hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()}"
    headers = {"X-Hub-Signature-256": signature}
    return lambda: app.test_client().post("/webhooks/messenger", data=body, headers=headers).status_code


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    match sys.argv[1:]:
        case ["item"]:
            read = item_reader()
        case ["learnt"]:
            from bot.run.shapes import learn_shapes

            read = item_reader()
            learn_shapes()
        case ["web", folder]:
            read = webhook(Path(folder))
        case other:
            raise SystemExit(f"unknown: {other}")
    sys.stdout.write(f"{side_by_side(read)}\n")


if __name__ == "__main__":
    main()
