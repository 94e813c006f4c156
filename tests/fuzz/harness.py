"""Coverage-guided fuzzing of every reader: `python -m tests.fuzz.harness FOLDER [-runs=100000] [-seed=1]`.

Nothing stops the run: faults go to `faults.jsonl` in the folder, one for each reader and line that fell. Instrumented
code is several times slower, so the texts that took longest go to `slowest.json`, to be timed where nothing slows them.
Sentences that people wrote are the first corpus.
"""

import json
import sys
import traceback
from pathlib import Path
from time import process_time

import atheris

with atheris.instrument_imports(include=["bot.understand", "catalog"]):
    from tests.fuzz.readers import READERS, check, warmed
    from tests.fuzz.words import HABITS, SIGNS, vocabulary

_SENTENCES = Path(__file__).parents[1] / "unit" / "data"
_NAMES = list(READERS)
_MOST_WORDS = 400
_MOST_SEEDS = 500  # each is one run, before anything is made of it


def text_of(data: bytes) -> str:
    """The first byte is a habit of typing, the second tells UTF-8 from three bytes for a word and a sign."""
    habit, kind, rest = HABITS[data[0] % len(HABITS)], data[1], data[2:]
    if kind % 2:
        return habit(rest.decode("utf-8", errors="surrogateescape"))
    known = vocabulary()
    places = range(0, min(len(rest), 3 * _MOST_WORDS) - 2, 3)
    return habit(
        "".join(
            known[int.from_bytes(rest[i : i + 2], "big") % len(known)] + SIGNS[rest[i + 2] % len(SIGNS)] for i in places
        )
    )


class Hunt:
    """One run, with what it has found so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._faults: set[str] = set()
        self._slowest: dict[str, tuple[float, str]] = {}

    def one(self, data: bytes) -> None:
        """The first byte chooses the reader."""
        if len(data) < 4:
            return
        name = _NAMES[data[0] % len(_NAMES)]
        typed = text_of(data[1:])
        start = process_time()
        try:
            check(name, typed, None)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
            self._note(name, typed, error)
        self._time(name, typed, process_time() - start)

    def _note(self, name: str, typed: str, error: Exception) -> None:
        fell = traceback.extract_tb(error.__traceback__)[-1]
        fault = f"{name}: {type(error).__name__} in {fell.name}, {fell.line}"
        if fault not in self._faults:
            self._faults.add(fault)
            with (self._folder / "faults.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps({"fault": fault, "said": str(error), "text": typed}) + "\n")

    def _time(self, name: str, typed: str, seconds: float) -> None:
        if seconds > 1.1 * self._slowest.get(name, (0.0, ""))[0]:
            self._slowest[name] = (seconds, typed)
            (self._folder / "slowest.json").write_text(json.dumps(self._slowest), encoding="utf-8")


def corpus(folder: Path) -> Path:
    """Some of the labelled sentences as files, for each a reader and a habit."""
    made = folder / "corpus"
    made.mkdir(exist_ok=True)
    rows = [row for file in sorted(_SENTENCES.glob("*.jsonl")) for row in file.read_text("utf-8").splitlines()]
    for i, row in enumerate(rows[:: len(rows) // _MOST_SEEDS + 1]):
        head = bytes((i % len(_NAMES), i // len(_NAMES) % len(HABITS), 1))
        (made / f"{i:04}").write_bytes(head + json.loads(row)["text"].encode())
    return made


def main() -> None:
    folder = Path(sys.argv[1])
    warmed()
    hunt = Hunt(folder)
    atheris.Setup([sys.argv[0], str(corpus(folder)), *sys.argv[2:]], hunt.one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
