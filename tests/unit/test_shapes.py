"""What JSON is read into is learnt before there are threads: msgspec shows others what it has half learnt."""

import ast
import gc
import importlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import msgspec
import pytest

from bot.conversation import Memory
from bot.reply import Bubble
from bot.run.shapes import OURS, learn_shapes, shapes

ROOT = Path(__file__).parents[2]
CHOSEN_BY_WHAT_IS_READ = {
    ("bot/dialogue.py", "kind"): "a state of a dialogue",
    ("bot/event.py", "kind"): "one of EVENTS",
    ("bot/run/shapes.py", "shape"): "each of them",
    ("handlers/wire.py", "kind"): "a struct, or a field of one",
    ("handlers/channels/zalobot/client.py", "shape"): "a struct of that module",
}


def first_readers(*arguments: str) -> tuple[int, str]:
    """Exit code, or minus the signal, and what was printed."""
    command = [sys.executable, "-m", "tests.unit.first_readers", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


def test_two_first_deliveries_at_once_are_both_taken(tmp_path: Path) -> None:
    """The second begins when msgspec has looked at half of what the first is read into: it was the end of a web
    process."""
    assert first_readers("web", str(tmp_path)) == (0, "[200, 200]\n")


@pytest.mark.parametrize(("way", "ended"), [("item", (-signal.SIGSEGV, "")), ("learnt", (0, "[1, 1]\n"))])
def test_what_was_not_learnt_before_is_the_end_of_a_process_with_two_threads(way: str, ended: tuple[int, str]) -> None:
    """When "item" fails here, msgspec has mended it: then nothing needs to be learnt before."""
    assert first_readers(way) == ended


def test_every_shape_is_learnt() -> None:
    learn_shapes()
    assert [shape for shape in shapes() if not is_known(shape)] == []


def test_every_kind_that_is_read_anywhere_is_among_the_shapes() -> None:
    """Looked for in the source: `convert`, `decode` and `Decoder` of msgspec, in all that a process may import."""
    found = dict(kinds_in_source())
    known = {*shapes(), Memory}  # the reader of a Memory is made when its module is imported
    assert {place for place, kind in found.items() if kind is None} == CHOSEN_BY_WHAT_IS_READ.keys()
    assert [place for place, kind in found.items() if not known.issuperset(learnt_of(kind))] == []
    assert found["bot/outbox.py", "Bubble"] is Bubble
    assert len(found) >= 20


def is_known(shape: type[Any]) -> bool:
    """Whether msgspec has looked at it: the class then holds a table of its fields."""
    held = gc.get_referents(shape) if issubclass(shape, msgspec.Struct) else [vars(shape).get("__msgspec_cache__")]
    return any(type(one).__name__ in {"StructInfo", "DataclassInfo"} for one in held)


def learnt_of(kind: Any) -> set[type[Any]]:
    """What msgspec hangs something on: structs and classes with named fields, those inside `dict[str, …]` too."""
    if get_args(kind):
        return set().union(*map(learnt_of, get_args(kind)))
    named = isinstance(kind, type) and kind.__module__.partition(".")[0] in OURS
    return {kind} if named else set()


def kinds_in_source() -> Iterator[tuple[tuple[str, str], Any]]:
    """Of every call with a kind: the file and the words for it, and what that is; None for a variable."""
    for file in sorted(path for top in ("bot", "handlers", "catalog") for path in (ROOT / top).rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        if "msgspec" not in source:
            continue
        name = file.relative_to(ROOT).as_posix()
        module = importlib.import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        for call in ast.walk(ast.parse(source)):
            if isinstance(call, ast.Call) and (kind := kind_of(call)) is not None:
                words = ast.unparse(kind)
                yield (name, words), meant(words, module)


def kind_of(call: ast.Call) -> ast.expr | None:
    """What it reads into; None if it is no such call, or names none."""
    told = {"msgspec.convert": 1, "msgspec.json.decode": 1, "msgspec.json.Decoder": 0}
    place = told.get(ast.unparse(call.func))
    if place is None:
        return None
    named = [keyword.value for keyword in call.keywords if keyword.arg == "type"]
    return next(iter([*named, *call.args[place : place + 1]]), None)


def meant(words: str, module: ModuleType) -> Any:
    try:
        return eval(words, vars(module))  # our own source
    except NameError:
        return None
