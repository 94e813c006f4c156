"""Her goods are on sale: she meant another amount, or takes them back.

Steps of the dialogue `post`. Whatever she asks for is read back and waits for her yes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from bot.dialogue import Ask, Heard, Turn
from bot.dialogues.harvest import BY_WEIGHT, finder, fit, goods_of, grown, meant, so_much
from bot.dialogues.posting import Line, post
from bot.dialogues.telling import amount, done, name, refused, see_goods
from bot.effect import Amount, Choice, Hint, Listed, Money, Say, choice, say
from bot.event import Back, Change, Pick, Text
from bot.ports import Goods, Ports
from bot.understand.amounts import Quantity, parse_quantity
from bot.understand.postings import Correction, read_correction, read_postings
from catalog.acts import Refused
from catalog.acts.offer import Corrected, CorrectOffer, Posted, PostedOffer, SoldMore, Withdrawn, WithdrawOffers

Changed = TypeVar("Changed", "Correcting", "TakingOff")
_NOBODYS = 0  # the id of no product: she named one that is not among hers

ROOM = 12  # letters of a name that fit on a button beside `Xóa hết`


@dataclass(frozen=True, slots=True)
class Shown:
    """One of her postings. quantity: in all, sold included; before: what that was until she changed it."""

    offer_id: int
    product_id: int
    quantity: Decimal
    price_vnd: int
    before: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OnSale:
    """It is saved. She may still say that it was a slip."""

    offers: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Correcting:
    """Another amount for one of them: right?

    keep: what of the amount is sold and not spoken about, where she said how much there is left.
    """

    offers: tuple[Shown, ...]
    offer_id: int
    quantity: Decimal
    keep: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class TakingOff:
    """Off sale with these: sure?"""

    offers: tuple[Shown, ...]
    offer_ids: tuple[int, ...]


AfterSale = OnSale | Correcting | TakingOff


def put_up(result: Posted, lines: Sequence[Line], ports: Ports) -> Turn[OnSale]:
    """The posting is saved: what customers see now, for the goods whose price she named."""
    named = {line.product_id for line in lines if line.price_vnd is not None}
    prices = [_customers_see(offer, goods_of(ports, offer.product_id)) for offer in result.offers
              if offer.product_id in named]  # fmt: skip
    choices = [see_goods(), done()]
    bubble = (
        say(
            "It is on sale. Customers see %(prices)s. If I wrote something wrong, type: undo",
            prices=Listed(tuple(prices)),
            choices=choices,
            rests=True,
        )
        if prices
        else say("It is on sale. If I wrote something wrong, type: undo", choices=choices, rests=True)
    )
    shown = (Shown(offer.offer_id, offer.product_id, offer.quantity, offer.price_vnd) for offer in result.offers)
    return OnSale(tuple(shown)), [bubble]


def _customers_see(offer: PostedOffer, goods: Goods | None) -> Say:
    shown, fee = Money(offer.shown_vnd), Money(offer.fee_vnd)
    if fee.vnd == 0 or offer.price_vnd + offer.fee_vnd != offer.shown_vnd:
        return say("%(name)s at %(shown)s", name=name(goods), shown=shown)
    return say("%(name)s at %(shown)s (with %(fee)s for the co-op)", name=name(goods), shown=shown, fee=fee)


def other_amount(at: object, ask: Ask, ports: Ports) -> Turn[AfterSale | None]:
    """How much there is left of something, told at any time: `hết trứng rồi`, `cam còn 15 cân`."""
    offers = at.offers if isinstance(at, OnSale | Correcting | TakingOff) else ()
    correction = read_correction(ask.words, finder(ports))
    if correction is None:
        return OnSale(offers) if offers else None, [which_goods(ports)]
    told = Quantity(correction.quantity, correction.unit)
    product_id = _product_meant(correction, ports)
    offer = _offer(product_id, told, offers or _from_garden(ports), ports)
    if offer is None and product_id is not None:
        offer = _offer(product_id, told, _from_garden(ports), ports)  # not of what she has just posted
    if offer is None:
        return OnSale(offers) if offers else None, [which_goods(ports)]
    mine = grown(ports, offer.product_id)
    keep = offer.quantity - mine.left if mine is not None and mine.offer_id == offer.offer_id else Decimal(0)
    offers = offers if offer in offers else (*offers, offer)
    return _amended(offers, offer, told, ports, ask.words, keep=keep) or (OnSale(offers), [which_goods(ports)])


@post.step
def on_sale(at: OnSale, heard: Heard, ports: Ports) -> Turn[AfterSale | None]:
    changed = next((shown for shown in at.offers if shown.before is not None), None)
    match heard:
        case Pick("as_before") | Back() if changed is not None and changed.before is not None:
            return _asked(Correcting(at.offers, changed.offer_id, changed.before), ports)
        case Back() if at.offers:
            return _asked(TakingOff(at.offers, tuple(shown.offer_id for shown in at.offers)), ports)
        case Change():
            return at, [which_goods(ports)]
        case Pick("done" | "no"):
            return None, [say("All right. Whenever %(you)s have something, just write to me.")]
        case Text(words):
            return _slip(at.offers, words, ports) or (at, [Hint(which_goods(ports))])
        case _:
            return at, [Hint(which_goods(ports))]


@post.step
def correcting(at: Correcting, heard: Heard, ports: Ports) -> Turn[AfterSale | None]:
    goods = goods_of(ports, _shown(at).product_id)
    match heard:
        case Pick("yes"):
            return at, [CorrectOffer(at.offer_id, at.quantity)]
        case Pick("all"):
            return _asked(TakingOff(at.offers, (at.offer_id,)), ports)
        case Pick("no"):
            return OnSale(at.offers), [_as_it_was(at.offers)]
        case Corrected():
            return _corrected(at, heard, goods)
        case SoldMore(_, sold):
            return OnSale(at.offers), [
                say(
                    "Customers have ordered %(sold)s of %(name)s already, so I have not changed it. "
                    "%(clerk)s of %(coop)s will call %(you)s.",
                    sold=amount(goods, sold),
                    name=name(goods),
                    clerk=ports.me.clerk,
                    rests=True,
                    choices=[see_goods(), done()],
                )
            ]
        case Refused():
            return None, [refused(ports)]
        case Text(words):
            return _slip(at.offers, words, ports, at.offer_id) or (at, [Hint(question_of_change(at, ports))])
        case _:
            return at, [Hint(question_of_change(at, ports))]


@post.step
def taking_off(at: TakingOff, heard: Heard, ports: Ports) -> Turn[OnSale | TakingOff | None]:
    match heard:
        case Pick("yes"):
            return at, [WithdrawOffers(at.offer_ids)]
        case Pick("no"):
            return OnSale(at.offers), [_as_it_was(at.offers)]
        case Withdrawn():
            return None, [
                say(
                    "%(goods)s: off sale now. Orders that were placed stay. When there is more, just write to me.",
                    goods=_names(at, ports),
                    choices=[choice("post.start", say("Put on sale")), see_goods()],
                )
            ]
        case Refused():
            return None, [refused(ports)]
        case _:
            return at, [Hint(question_of_change(at, ports))]


# What she asked for


def _slip(
    offers: tuple[Shown, ...], words: str, ports: Ports, offer_id: int | None = None
) -> Turn[AfterSale | None] | None:
    """`nhầm rồi 15 cân thôi`, right after it was put on sale. None if that is not what the words say."""
    lines = read_postings(words, finder(ports), ports.now.date())
    correction = read_correction(words, finder(ports))
    if correction is not None and not any(line.price_vnd for line in lines):
        product_id, told = _product_meant(correction, ports), Quantity(correction.quantity, correction.unit)
    else:
        alone = parse_quantity(words) if not lines else None
        if alone is None:
            return None
        product_id, told = None, alone
    if product_id is None and offer_id is not None:
        product_id = next(shown.product_id for shown in offers if shown.offer_id == offer_id)
    offer = _offer(product_id, told, offers, ports)
    return _amended(offers, offer, told, ports, words) if offer is not None else None


def _product_meant(correction: Correction, ports: Ports) -> int | None:
    """The product that she names; None if she names none, and then it is the one that is spoken about."""
    if not correction.words:
        return None
    goods, sure = meant(correction.words, ports)
    return goods[0].id if sure and len(goods) == 1 else _NOBODYS


def _offer(product_id: int | None, told: Quantity, offers: Sequence[Shown], ports: Ports) -> Shown | None:
    """The posting that is spoken about: of this product, or the only one in that unit. None: it has to be asked."""
    if product_id is not None:
        return next((shown for shown in offers if shown.product_id == product_id), None)
    if told.unit is not None:
        in_unit = [
            shown for shown in offers if (goods := goods_of(ports, shown.product_id)) and goods.unit == told.unit
        ]
        offers = in_unit or offers
    return offers[0] if len(offers) == 1 else None


def _from_garden(ports: Ports) -> tuple[Shown, ...]:
    return tuple(
        Shown(mine.offer_id, mine.goods.id, mine.posted, mine.price_vnd)
        for mine in ports.garden.grown()
        if mine.offer_id is not None and mine.left > 0
    )


def _amended(
    offers: tuple[Shown, ...], offer: Shown, told: Quantity, ports: Ports, words: str, *, keep: Decimal = Decimal(0)
) -> Turn[AfterSale | None] | None:
    if told.value == 0:
        mine = grown(ports, offer.product_id)
        standing = tuple(number for number, _ in mine.standing) if mine is not None else ()
        return _asked(TakingOff(offers, standing or (offer.offer_id,)), ports)
    goods = goods_of(ports, offer.product_id)
    wanted = fit(goods, told.value, told.unit) if goods is not None else None
    doubt = so_much(told.value, told.unit or (goods.unit if goods else ""), words)
    if doubt is not None:
        return OnSale(offers), [doubt, which_goods(ports)]
    if wanted is None:
        return None
    if wanted + keep == offer.quantity:
        return OnSale(offers), [
            say("%(name)s is at %(amount)s already.", name=name(goods), amount=amount(goods, wanted),
                rests=True, choices=[see_goods(), done()])
        ]  # fmt: skip
    return _asked(Correcting(offers, offer.offer_id, wanted + keep, keep), ports)


def _asked(at: Changed, ports: Ports) -> Turn[Changed]:
    return at, [question_of_change(at, ports)]


def _corrected(at: Correcting, result: Corrected, goods: Goods | None) -> Turn[OnSale]:
    offers = tuple(
        replace(shown, quantity=result.quantity, before=result.before) if shown.offer_id == result.offer_id
        else replace(shown, before=None)
        for shown in at.offers
    )  # fmt: skip
    return OnSale(offers), [
        say(
            "Changed: %(name)s %(amount)s, %(price)s/%(unit)s. Customers have ordered %(sold)s.",
            name=name(goods),
            amount=amount(goods, result.quantity),
            price=Money(result.price_vnd),
            unit=goods.unit if goods else "",
            sold=amount(goods, result.sold),
            choices=[choice("as_before", say("As before"), words=("như cũ", "hoàn lại")), see_goods(), done()],
            rests=True,
        )
    ]


def _shown(at: Correcting) -> Shown:
    return next(shown for shown in at.offers if shown.offer_id == at.offer_id)


# What is said


def question_of_change(at: AfterSale, ports: Ports) -> Say:
    """The question that is open in this state."""
    match at:
        case Correcting():
            return _other_amount_right(at, ports)
        case TakingOff():
            return say(
                "Shall I take %(goods)s off sale?",
                goods=_names(at, ports),
                weighty=True,
                choices=[
                    choice("yes", say("Yes, take it off"), words=("gỡ", "gỡ hết", "xóa", "bỏ")),
                    choice("no", say("Keep it")),
                ],
            )
        case OnSale():
            return which_goods(ports)


def _other_amount_right(at: Correcting, ports: Ports) -> Say:
    shown = _shown(at)
    goods = goods_of(ports, shown.product_id)
    before, after = amount(goods, shown.quantity - at.keep), amount(goods, at.quantity - at.keep)
    agreed = choice("yes", say("Yes, %(amount)s", amount=after), words=_as_said(after))
    buttons = [agreed, choice("no", say("That is wrong")), _all_of(goods)]
    if after.quantity < before.quantity:
        return say(
            "Shall I change %(name)s from %(before)s down to %(after)s?",
            name=name(goods), before=before, after=after, weighty=True, choices=buttons,
        )  # fmt: skip
    return say(
        "Shall I change %(name)s from %(before)s up to %(after)s?",
        name=name(goods), before=before, after=after, weighty=True, choices=buttons,
    )  # fmt: skip


def _as_said(amount: Amount) -> tuple[str, ...]:
    """The amount as she may repeat it: `15 cân`, `15 ký`."""
    if amount.unit != BY_WEIGHT:
        return ()
    return tuple(f"{amount.quantity.normalize():f} {unit}" for unit in ("cân", "ký", "kí", "kg"))


def _all_of(goods: Goods | None) -> Choice:
    if len(name(goods)) <= ROOM:
        return choice("all", say("Take off all %(name)s", name=name(goods)))
    return choice("all", say("Take off all of it"))


def _as_it_was(offers: Sequence[Shown]) -> Say:
    return say("All right, everything stays as it is.", rests=True, choices=[see_goods(), done()] if offers else [])


def which_goods(ports: Ports) -> Say:
    """How to say it, with goods of her own as the example."""
    mine = ports.garden.grown()
    goods = mine[0].goods if mine else None
    return say(
        "Tell me what is right, for example: %(example)s.",
        example=say("%(name)s only %(amount)s", name=name(goods), amount=amount(goods, Decimal(15)))
        if goods
        else say("oranges only 15 kg"),
        expects="words",
    )


def _names(at: TakingOff, ports: Ports) -> Listed:
    return Listed(
        tuple(
            say("%(name)s %(amount)s", name=name(goods), amount=amount(goods, shown.quantity))
            for shown in at.offers
            if shown.offer_id in at.offer_ids and (goods := goods_of(ports, shown.product_id)) is not None
        )
    )
