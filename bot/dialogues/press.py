"""Stamps from the chat: `in tem cam 100`, for staff and for who was given the right; the sheet comes as a file.

Which lot, how many and how many are left is read back; only a yes prints. Others who type it are answered as ever.
"""

from collections.abc import Sequence

from bot.dialogue import Ask, Heard, Turn
from bot.dialogues.lots import goods_meant, keeps_lots, lot_of, lots_meant, lots_of, newest_of_each, which_lot
from bot.dialogues.missing import ask_for_code
from bot.dialogues.passports import needed, no_lot, rows
from bot.dialogues.printing import (
    MOST,
    Activating,
    AnyState,
    Choosing,
    Confirming,
    Counting,
    Kind,
    Resending,
    fits_no_label,
    how_many,
    made,
    no_right,
    no_sheet,
    no_such_lot,
    not_so_many,
    nothing_printed,
    press,
    right,
    sent_again,
    too_few,
)
from bot.dialogues.telling import refused
from bot.effect import Hint, say
from bot.event import Change, Number, Pick, Text
from bot.ports import LotView, Ports
from bot.understand.diary import products_in
from bot.understand.printing import calls_off_printing, count_in, read_printing
from catalog.acts import Refused
from catalog.acts.stamps import (
    ActivateLot,
    LotActivated,
    NoRight,
    Printed,
    PrintStamps,
    SendSheetAgain,
    SheetSent,
    TooFewStamps,
)

__all__ = ["press"]

Going = Choosing | Counting | Confirming


@press.opens("print_stamps")
def wants_stamps(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Going | None]:
    """The newest open lot of what she names; of several kinds of goods she chooses."""
    wish = read_printing(ask.words)
    if wish is None or not keeps_lots(ports):
        return None, [ask_for_code()]
    found = lots_meant(ask.words, wish.products, ports)
    lots = newest_of_each(found.lots)
    if not lots:
        return None, [no_such_lot(ports)]
    if len(lots) > 1:
        return _choosing(ports.fresh_id, wish.kind, wish.count, lots, ports)
    return _with_lot(ports.fresh_id, wish.kind, lots[0], wish.count, ports)


@press.action("any")
def any_lot(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Choosing | None]:
    """None of what she named is open: all that are."""
    lots = ports.lots.open() if keeps_lots(ports) else ()
    if not lots:
        return None, [no_lot(ports) if keeps_lots(ports) else ask_for_code()]
    return _choosing(ports.fresh_id, "unit", None, lots, ports)


@press.action("activate")
def put_into_the_book(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Activating | None]:
    if not (ask.arg.isdecimal() and ports.me.role == "staff"):
        return None, [refused(ports)]
    return Activating(int(ask.arg)), [ActivateLot(int(ask.arg))]


@press.opens("stamps_again")
def wants_them_again(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Resending | None]:
    """Her newest sheet, of what she names if she names something."""
    if not keeps_lots(ports):
        return None, [ask_for_code()]
    products = products_in(ask.words)
    if not products:
        return Resending(), [SendSheetAgain()]
    goods = goods_meant(products, ports)
    if not goods:
        return None, [no_sheet()]
    return Resending(), [SendSheetAgain(tuple(goods))]


@press.step
def resending(at: Resending, heard: Heard, ports: Ports) -> Turn[Resending | None]:
    match heard:
        case SheetSent():
            return None, [sent_again(heard, ports)]
        case Refused():
            return None, [no_sheet()]
    return at, [Hint(say("Shall I send the sheet once more? Please type it again."))]


@press.step
def choosing(at: Choosing, heard: Heard, ports: Ports) -> Turn[Going | None]:
    lots = lots_of(at.lot_ids, ports)
    if (anew := _anew(heard, ports)) is not None:
        return anew
    match heard:
        case Pick("lot", number):
            chosen = lot_of(int(number), ports)
            if chosen is None:
                return None, [no_lot(ports)]
            return _with_lot(at.draft_id, at.kind, chosen, at.count, ports)
        case Pick("stop" | "no"):
            return None, [nothing_printed()]
        case Text(words):
            found = lots_meant(words, products_in(words), ports)
            meant = [lot for lot in found.lots if lot.id in at.lot_ids] or found.lots  # the list may be cut short
            if found.named and meant:
                return _with_lot(at.draft_id, at.kind, meant[0], at.count, ports)
    return at, [Hint(which_lot(lots))]


@press.step
def counting(at: Counting, heard: Heard, ports: Ports) -> Turn[Going | None]:
    lot = lot_of(at.lot_id, ports)
    if lot is None:
        return None, [no_lot(ports)]
    if (anew := _anew(heard, ports)) is not None:
        return anew
    match heard:
        case Number(value) if value == value.to_integral_value():
            return _with_lot(at.draft_id, at.kind, lot, int(value), ports)
        case Text(words) if (count := count_in(words)) is not None:
            return _with_lot(at.draft_id, at.kind, lot, count, ports)
    return at, [Hint(how_many(lot, ports))]


@press.step
def confirming(at: Confirming, heard: Heard, ports: Ports) -> Turn[Going | None]:
    lot = lot_of(at.lot_id, ports)
    match heard:
        case Printed():
            return None, [made(heard, lot, ports)]
        case TooFewStamps(left):
            return _short(at.draft_id, at.kind, at.lot_id, left)
        case NoRight():
            return None, [no_right(at.count, ports)]
        case Refused():
            return None, [refused(ports)]
    if lot is None:
        return None, [no_lot(ports)]
    if (anew := _anew(heard, ports)) is not None:
        return anew
    match heard:
        case Pick("yes"):
            return at, [PrintStamps(at.draft_id, at.lot_id, at.count, at.kind)]
        case Pick("other"):
            return _choosing(at.draft_id, at.kind, at.count, ports.lots.open(), ports)
        case Pick("change") | Change():
            return Counting(at.draft_id, at.kind, at.lot_id), [how_many(lot, ports)]
        case Pick("stop" | "no"):
            return None, [nothing_printed()]
        case Text(words) if (count := count_in(words)) is not None:
            return _with_lot(at.draft_id, at.kind, lot, count, ports)
    return at, [Hint(right(at, lot, ports))]


@press.step
def activating(at: Activating, heard: Heard, ports: Ports) -> Turn[Activating | None]:
    match heard:
        case LotActivated(_, number, lacks):
            must = needed(lacks)
            if must:
                return None, [say("Lot %(number)s is in the book now. Its passport still lacks: %(rows)s.",
                                  number=number, rows=rows(must))]  # fmt: skip
            return None, [say("Lot %(number)s is in the book now: its stamps speak for it.", number=number)]
        case Refused():
            return None, [refused(ports)]
    return at, [Hint(say("Shall I put it into the book? Please press the button again."))]


# What becomes of the wish


def _anew(heard: Heard, ports: Ports) -> Turn[Going | None] | None:
    """A whole wish, where an answer was asked for; or that nothing is to be printed after all."""
    if isinstance(heard, Text) and calls_off_printing(heard.words):
        return None, [nothing_printed()]
    if isinstance(heard, Text) and read_printing(heard.words) is not None:
        return wants_stamps(None, Ask("print_stamps", words=heard.words), ports)
    return None


def _choosing(draft_id: str, kind: Kind, count: int | None, lots: Sequence[LotView], ports: Ports) -> Turn[Choosing]:
    return Choosing(draft_id, kind, count, tuple(lot.id for lot in lots)), [which_lot(lots)]


def _with_lot(draft_id: str, kind: Kind, lot: LotView, count: int | None, ports: Ports) -> Turn[Going | None]:
    """What stands in the way is said before anything is asked for."""
    if not ports.press.fits(lot):
        return None, [fits_no_label()]
    if count is None:
        return Counting(draft_id, kind, lot.id), [how_many(lot, ports)]
    if not 0 < count <= MOST:
        return Counting(draft_id, kind, lot.id), [not_so_many(count)]
    if not ports.press.may(lot, count):
        return None, [no_right(count, ports)]
    if ports.press.left(lot) < count:
        return _short(draft_id, kind, lot.id, ports.press.left(lot))
    at = Confirming(draft_id, kind, lot.id, count)
    return at, [right(at, lot, ports)]


def _short(draft_id: str, kind: Kind, lot_id: int, left: int) -> Turn[Counting | None]:
    return (Counting(draft_id, kind, lot_id) if left > 0 else None), [too_few(left)]
