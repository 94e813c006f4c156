"""What JSON is read into, learnt by msgspec before a second thread can ask for it.

msgspec looks at a struct or a dataclass when something is first read into it, and hangs what it knows on the class
before it knows all. Where the interpreter then gives another thread its turn, that one reads a null pointer, and the
process is gone (SIGSEGV; msgspec 0.22, `StructInfo_Convert`, whose lock is there only without the GIL). Sixteen
deliveries at once right after a start were the end of about 1 web process in 50 to 100 on a busy machine.

To learn all takes 2 ms, and 0.07 where it was done before.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from bot.dialogues import DIALOGUES
from bot.event import EVENTS
from bot.reply import Bubble

OURS = frozenset({"bot", "handlers", "catalog"})


def learn_shapes() -> None:
    """To be called after the imports of a process and before its threads."""
    for shape in shapes():
        msgspec.json.Decoder(shape)  # making one is enough: what was learnt stays on the class


def shapes() -> list[type[Any]]:
    """All structs of ours that are imported by now, and the dataclasses that are read from the database."""
    structs = [struct for struct in _below(msgspec.Struct) if struct.__module__.partition(".")[0] in OURS]
    states = [state for dialogue in DIALOGUES.values() for state in dialogue.states.values()]
    return [*structs, *EVENTS.values(), *states, Bubble]


def _below(struct: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for heir in struct.__subclasses__():
        yield heir
        yield from _below(heir)
