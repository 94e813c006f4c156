"""What a producer may mean by her words: which goods, how many in the unit that they are sold in, at what price."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bot.dialogues.pointing import typed_amount
from bot.dialogues.posting import Draft, Line
from bot.dialogues.regional import is_called, is_meant, names_of, several
from bot.effect import Amount, Say, say
from bot.ports import Goods, Grown, Ports
from bot.understand.postings import PostingLine, read_postings
from bot.understand.text import bare, has_marks
from catalog.acts.offer import Posting

MOST = Decimal(100_000)

MEANT = 80  # a score of the search from which on a product is meant; below, it only sounds like it

NEAR = 68  # below this it does not even sound like it
CLOSE = 6  # two products whose scores differ by less than this are asked about

LONGEST_DAY = 40  # characters that are said back

BY_WEIGHT = "kg"

COUNTED = frozenset({"quả", "cái", "con", "bắp", "củ", "bông"})


def grown(ports: Ports, product_id: int | None) -> Grown | None:
    """Her own last posting of this product."""
    return next((mine for mine in ports.garden.grown() if mine.goods.id == product_id), None)


def goods_of(ports: Ports, product_id: int | None) -> Goods | None:
    mine = grown(ports, product_id)
    if mine is not None:
        return mine.goods
    return ports.shelf.get(product_id) if product_id is not None else None


def finder(ports: Ports) -> Callable[[str], list[tuple[int, float]]]:
    """For the reading of her sentences: (product id, 0…100), what she grows herself first."""

    def find(words: str) -> list[tuple[int, float]]:
        hers = {mine.goods.id for mine in ports.garden.grown()}
        return sorted(_scores(words, ports), key=lambda found: (found[0] in hers and found[1] >= MEANT, found[1]))[::-1]

    return find


def meant(words: str, ports: Ports) -> tuple[list[Goods], bool]:
    """The goods that she may mean, best first, and whether they are meant or only sound like it.

    What she grows comes before what others grow. Several that are meant are a question, never a guess.
    """
    scores = _scores(words, ports) if words else []
    hers = {mine.goods.id for mine in ports.garden.grown()}
    sure = [found for found in scores if found[1] >= MEANT and _is_it(words, *found, ports)]
    pool = [found for found in sure if found[0] in hers] or sure
    best = max((score for _, score in pool), default=0.0)
    ids = [found[0] for found in pool if found[1] > best - CLOSE]
    if not ids and not names_of(words):  # the name of something else does not sound like it
        ids = [found[0] for found in scores if found[1] >= NEAR]
    return [goods for goods in (goods_of(ports, product_id) for product_id in ids) if goods is not None], bool(pool)


def _is_it(words: str, product_id: int, score: float, ports: Ports) -> bool:
    goods = goods_of(ports, product_id)
    return goods is not None and is_meant(words, goods, score, ports)


def meanings(words: str, ports: Ports) -> tuple[str, ...]:
    """The products that her words may mean, where it has to be asked: `củ sắn`. What the co-op sells comes first."""
    return several(words, lambda name: [goods for goods in meant(name, ports)[0] if is_called(goods, name, ports)])


def _scores(words: str, ports: Ports) -> list[tuple[int, float]]:
    scores = {found.goods.id: found.score for found in ports.shelf.search(words)}
    for mine in ports.garden.grown():
        if bare(words) == bare(mine.called) and (not has_marks(words) or words.lower() == mine.called.lower()):
            scores[mine.goods.id] = 100.0
    return sorted(scores.items(), key=lambda found: -found[1])


def as_line(told: PostingLine, ports: Ports) -> Line:
    """A line of her sentence; what does not fit or is not sure is left open, so that it is asked for."""
    goods, sure = meant(told.words, ports)
    product_id = None
    if sure and len(goods) == 1:
        product_id = goods[0].id
    elif not sure and told.product_id is not None and _is_it(told.words, told.product_id, told.score, ports):
        product_id = told.product_id
    known = goods_of(ports, product_id)
    later = told.available_from is not None and told.available_from > ports.now.date()
    line = Line(
        product_id,
        told.words,
        price_vnd=told.price_vnd,
        available_from=told.available_from if later else None,
        day_unclear=told.day_unclear[:LONGEST_DAY],
        lunar=told.lunar if later else None,
    )
    unit = told.price_unit or told.unit
    if known is None:
        other = told.quantity is not None and unit != told.unit and told.price_vnd is not None
        price = None if other else told.price_vnd  # `20 kg … 5k một bó`: it is asked for once we know what that is
        measure = told.unit if told.quantity is not None else unit
        return replace(line, told=told.quantity, told_unit=measure, price_vnd=price, asks_price=other)
    return replace(line, **_in_its_unit(known, told.quantity, told.unit, told.price_vnd, unit))


def of_goods(line: Line, goods: Goods) -> Line:
    """The line, now that we know which product it is: the amount and the price that she named before, in its unit."""
    if line.quantity is not None or (line.told is None and line.told_unit is None):
        return replace(line, product_id=goods.id)
    fitted = _in_its_unit(goods, line.told, line.told_unit, line.price_vnd, line.told_unit)
    return replace(line, product_id=goods.id, told=None, told_unit=None, **fitted)


def _in_its_unit(
    goods: Goods, quantity: Decimal | None, unit: str | None, price_vnd: int | None, per: str | None
) -> dict[str, Any]:
    """The fields of a line; what cannot be turned into the product's own unit is left open, so that it is asked for."""
    amount = None if quantity is None or (unit is None and goods.pieces > 1) else fit(goods, quantity, unit)
    price = _first_price(goods, price_vnd, per)
    return {"quantity": amount, "price_vnd": price, "asks_price": price is None and price_vnd is not None}


def _first_price(goods: Goods, price_vnd: int | None, per: str | None) -> int | None:
    """Her price for one of the product's own unit; None if it was for something that cannot be turned into that."""
    if price_vnd is None or per in (None, goods.unit):
        return price_vnd
    if goods.pieces > 1 and per in COUNTED:
        return price_vnd * goods.pieces
    if per == "chục" and goods.unit in COUNTED and price_vnd % goods.ten == 0:
        return price_vnd // goods.ten
    return None


def too_much(words: str, ports: Ports) -> Say | None:
    """Asks her to look again where her sentence puts on sale what nobody has: `99999 tấn`."""
    for told in read_postings(words, finder(ports), ports.now.date()):
        if told.quantity is not None and told.quantity > MOST:
            return so_much(told.quantity, told.unit or "", words)
    return None


def so_much(quantity: Decimal, unit: str, words: str) -> Say | None:
    """The same for one amount, which her words name."""
    if quantity <= MOST:
        return None
    typed, amount = typed_amount(words, quantity), Amount(quantity, unit)
    if typed:
        return say("%(typed)s = %(amount)s? Please look at it again.", typed=typed, amount=amount)
    return say("%(amount)s? Please look at it again.", amount=amount)


def fit(goods: Goods, quantity: Decimal, unit: str | None) -> Decimal | None:
    """The amount in the product's own unit; None if it cannot be turned into that, or nobody sells so much.

    Without a unit it is the product's own, which is what our questions ask for.
    """
    if unit in (None, goods.unit):
        amount = quantity
    elif goods.pieces > 1 and unit in COUNTED:
        amount = quantity / goods.pieces
    elif unit == "chục" and goods.unit in COUNTED:
        amount = quantity * goods.ten
    else:
        return None
    step = goods.step if goods.unit != BY_WEIGHT or goods.step > 1 else Decimal("0.1")
    return amount if 0 < amount <= MOST and amount % step == 0 else None


# Prices


def usual(ports: Ports, product_id: int | None) -> int | None:
    """What a price of hers is compared with: her last one, or what any producer gets for it now."""
    mine, goods = grown(ports, product_id), goods_of(ports, product_id)
    if mine is not None:
        return mine.price_vnd
    return goods.price_vnd - goods.fee_vnd if goods is not None else None


def far(price_vnd: int, last_vnd: int | None) -> bool:
    """Whether a price is so different from the usual one that it may be a slip: under 50 % or over 200 %."""
    return last_vnd is not None and (price_vnd * 2 < last_vnd or price_vnd > last_vnd * 2)


def likely(price_vnd: int, last_vnd: int | None) -> list[int]:
    """What a price that is far off may mean: itself, and a tenth or ten times of it where that is near the last one."""
    slips = [slip for slip in (price_vnd // 10, price_vnd * 10) if slip and not far(slip, last_vnd)]
    return sorted({price_vnd, *(slips or ([last_vnd] if last_vnd else []))})


def price_of(line: Line, ports: Ports) -> int | None:
    """The price that she named, or else her last one."""
    mine = grown(ports, line.product_id)
    return line.price_vnd if line.price_vnd is not None else mine.price_vnd if mine else None


def postings(draft: Draft, ports: Ports) -> tuple[Posting, ...]:
    """The lines that are complete, for the command. A day that has passed since is today."""
    today = ports.now.date()
    return tuple(
        Posting(line.product_id, line.quantity, price, max(line.available_from or today, today))
        for line in draft.lines
        if line.product_id is not None and line.quantity is not None and (price := price_of(line, ports)) is not None
    )
