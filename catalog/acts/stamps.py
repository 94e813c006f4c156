"""Printing stamps, putting a lot into the book, and writing its diary."""

from dataclasses import dataclass
from datetime import date

from catalog.acts import Command, Result


@dataclass(frozen=True, slots=True)
class PrintStamps(Command):
    """Make `count` labels for a lot. Staff with the right, or whoever was given it.

    draft_id: doing it again makes no second sheet. kind: "unit" gives every label its own code, "lot" the lot's on all.
    geometry: as handlers.papers.geometry reads it; start: the label of the first page to begin with.
    """

    draft_id: str
    lot_id: int
    count: int
    kind: str = "unit"
    geometry: str = "65"
    start: int = 1
    damp: bool = False
    pins: bool = False


@dataclass(frozen=True, slots=True)
class Printed(Result):
    """token: the secret of the link that gives the sheet once; empty where nobody asked for one."""

    sheet_id: int
    lot_id: int
    lot_number: str
    lot_state: str
    count: int
    left: int  # stamps that the co-op may still draw
    token: str = ""


@dataclass(frozen=True, slots=True)
class SendSheetAgain(Command):
    """The newest sheet that she printed herself, with a fresh link. product_ids: of one of these; empty: of any."""

    product_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetSent(Result):
    """Nothing was drawn. lot_number: empty for a sheet that is bound to none yet."""

    sheet_id: int
    goods: str  # Cam sành
    lot_number: str
    count: int
    token: str


@dataclass(frozen=True, slots=True)
class TooFewStamps(Result):
    """Nothing is drawn: the co-op has only so many left."""

    left: int


@dataclass(frozen=True, slots=True)
class NoRight(Result):
    """She may not print these: no right covers lot, day and number, or it was withdrawn."""


@dataclass(frozen=True, slots=True)
class ActivateLot(Command):
    """Put a draft into the co-op's book: from now on its stamps speak for it. Staff only."""

    lot_id: int


@dataclass(frozen=True, slots=True)
class LotActivated(Result):
    """lacks: rows of `catalog.passport` that have nothing yet."""

    lot_id: int
    lot_number: str
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WriteDiary(Command):
    """A line for a lot: its producer's or staff's. draft_id: doing it again writes no second line.

    kind: fertilise, spray, stop_spray, water, weed, prune, sow, harvest, dry, pack, inspect, note.
    wait_days: of a spraying, how long its label says to wait before the harvest.
    """

    draft_id: str
    lot_id: int
    kind: str
    words: str
    happened_on: date
    wait_days: int | None = None


@dataclass(frozen=True, slots=True)
class DiaryWritten(Result):
    event_id: int
    lot_id: int
    lot_number: str
    lacks: tuple[str, ...]
    wrong: tuple[str, ...]  # of `catalog.passport.wrong_dates`: told, and kept all the same


@dataclass(frozen=True, slots=True)
class NotYet(Result):
    """A day that has not come, or one before anybody kept a diary, is not written down."""


@dataclass(frozen=True, slots=True)
class StrikeDiary(Command):
    """Take back a line that she wrote herself: it stays in the book, struck out."""

    event_id: int


@dataclass(frozen=True, slots=True)
class DiaryStruck(Result):
    event_id: int
