"""The open question of every state of a posting: one at a time, and short."""

from collections.abc import Sequence
from dataclasses import replace

from bot.dialogues.harvest import goods_of, meanings, meant, price_of, usual
from bot.dialogues.posting import (
    Changing,
    Choosing,
    Confirming,
    Counting,
    Dating,
    Doubting,
    Draft,
    Naming,
    Pricing,
    Returning,
    UnderWay,
    Unlisted,
    Valuing,
)
from bot.dialogues.regional import either, first_upper
from bot.dialogues.telling import (
    BUTTON,
    all_told,
    amount,
    as_told,
    called,
    heading,
    name,
    never_mind,
    title,
    unit,
    weekday,
    which_price,
)
from bot.effect import Choice, Lines, Say, Spoken, choice, say
from bot.ports import Goods, Ports

STILL = ("vẫn thế", "vẫn vậy", "vẫn giá cũ", "giá cũ", "vẫn như cũ", "như cũ", "như lần trước", "vẫn như lần trước")
OFFERED = 8  # goods in the list of what she grows


def question(at: UnderWay, ports: Ports) -> Say:
    """The question of this state."""
    goods = goods_at(at, ports)
    match at:
        case Choosing():
            return _which_goods(at, ports)
        case Naming():
            return say("What is it called, and how much is there? For example: oranges 20 kg.", expects="words")
        case Unlisted(draft, place, words) if place < len(draft.lines) and (
            offered := as_told(replace(draft.lines[place], words=words))
        ):
            return say(
                "I note: %(told)s. %(coop)s does not sell that yet. Shall I ask %(clerk)s to add it, with what you "
                "told me?",
                told=offered,
                clerk=ports.me.clerk,
                weighty=True,
                choices=[choice("yes", say("Yes, ask for it")), _something_else(), never_mind()],
            )
        case Unlisted():
            return say(
                "%(coop)s does not sell %(words)s yet. Shall I ask %(clerk)s to add it?",
                words=at.words,
                clerk=ports.me.clerk,
                weighty=True,
                choices=[choice("yes", say("Yes, ask for it")), _something_else(), never_mind()],
            )
        case Counting(draft):
            return _how_many(goods, alone=len(draft.lines) == 1)
        case Pricing(draft, place):
            last = Spoken(price_of(draft.lines[place], ports) or 0)
            return say(
                "Still %(price)s for 1 %(unit)s, as last time?",
                price=last,
                unit=unit(goods),
                choices=[
                    choice("yes", say("Still %(price)s", price=last), words=STILL),
                    choice("no", say("Another price")),
                ],
            )
        case Valuing():
            return say(
                "What is the price of %(name)s for 1 %(unit)s? Just type the number.",
                name=name(goods),
                unit=unit(goods),
                expects="number",
            )
        case Doubting(draft, place, price):
            return which_price(goods, price, usual(ports, draft.lines[place].product_id))
        case Dating(draft, place):
            return say(
                "From which day is there %(name)s? I do not understand %(words)s; type a day, for example: 25/12.",
                name=name(goods),
                words=draft.lines[place].day_unclear,
                choices=[choice("today", say("Today")), choice("tomorrow", say("Tomorrow"))],
                expects="words",
            )
        case Confirming(draft):
            return _right(draft, ports)
        case Changing(draft, place):
            return _what_to_change(draft, place, ports)
        case Returning():
            return _go_on(at, goods, ports)


def place_of(at: UnderWay) -> int:
    return 0 if isinstance(at, Confirming) else max(at.place, 0)


def goods_at(at: UnderWay, ports: Ports) -> Goods | None:
    place = place_of(at)
    return goods_of(ports, at.draft.lines[place].product_id) if place < len(at.draft.lines) else None


def _which_goods(at: Choosing, ports: Ports) -> Say:
    """What she grows, or what her words may have meant. Up to two are buttons, more than that a printed list."""
    words = at.draft.lines[at.place].words if at.place < len(at.draft.lines) else ""
    near, _ = meant(words, ports)
    meaning = () if near else meanings(words, ports)
    if meaning:
        return _which_meaning(words, meaning)
    offered = (near or [mine.goods for mine in ports.garden.grown()])[:OFFERED]
    names = [called(goods, ports) for goods in offered]
    picks = [
        choice("goods", say("%(name)s", name=title(shown)), arg=str(goods.id), words=[shown, name(goods), goods.label])
        for goods, shown in zip(offered, names, strict=True)
    ]
    printed = [
        say("%(goods)s", goods=f"{goods.emoji} {shown}".strip()) for goods, shown in zip(offered, names, strict=True)
    ]
    if len(offered) > 2:
        return say(
            "What are you selling?\n%(goods)s",
            goods=Lines(tuple(printed), numbered=True),
            items=picks,
            choices=[_something_else()],
        )
    return say(
        "What are you selling?\n%(goods)s",
        goods=Lines((*printed, say("Something else")), numbered=True),
        choices=[*picks, _something_else()],
    )


def _which_meaning(words: str, names: Sequence[str]) -> Say:
    """`củ sắn`: one thing in the north and another in the south, so that nobody but her can tell."""
    picks = [choice("named", say("%(name)s", name=title(first_upper(name))), arg=name) for name in names]
    if len(picks) > 2:
        lines = Lines(tuple(say("%(name)s", name=name) for name in names), numbered=True)
        return say("By %(words)s, which of these do you mean?\n%(lines)s", words=words, lines=lines, items=picks,
                   choices=[_something_else()])  # fmt: skip
    return say("By %(words)s, do you mean %(names)s?", words=words, names=either(names),
               choices=[*picks, _something_else()])  # fmt: skip


def _how_many(goods: Goods | None, *, alone: bool) -> Say:
    if alone:
        return say("How many %(unit)s are there? Just type the number.", unit=unit(goods), expects="number")
    return say(
        "%(goods)s: how many %(unit)s are there? Just type the number.",
        goods=heading(goods),
        unit=unit(goods),
        expects="number",
    )


def number_please(goods: Goods | None) -> Say:
    return say("Please type only how many %(unit)s, for example: 20", unit=unit(goods), expects="number")


def _right(draft: Draft, ports: Ports) -> Say:
    choices = [
        choice("yes", say("Yes, put on sale"), words=("đăng", "bán", "đăng hàng")),
        choice("no", say("Change it")),
        never_mind(),
    ]
    line = draft.lines[0]
    if draft.by_steps and len(draft.lines) == 1 and line.available_from is None:
        goods = goods_of(ports, line.product_id)
        return say(
            "%(goods)s %(amount)s, %(price)s for 1 %(unit)s. Is that right?",
            goods=heading(goods),
            amount=amount(goods, line.quantity),
            price=Spoken(price_of(line, ports) or 0),
            unit=unit(goods),
            weighty=True,
            choices=choices,
        )
    return say("I write down:\n%(lines)s\nIs that right?", lines=all_told(draft, ports), weighty=True, choices=choices)


def _what_to_change(draft: Draft, place: int, ports: Ports) -> Say:
    anew = choice("anew", say("Start over"))
    if place >= 0:
        return say(
            "What shall I change?",
            choices=[choice("amount", say("The amount")), choice("price", say("The price")), anew],
        )
    lines = [(number, goods_of(ports, line.product_id)) for number, line in enumerate(draft.lines)]
    picks = [
        choice("line", say("%(name)s", name=title(heading(goods))), arg=str(number), words=[name(goods)])
        for number, goods in lines
    ]
    if len(picks) < 3:
        return say("Which of them shall I change?", choices=[*picks, anew])
    return say(
        "Which of them shall I change?\n%(goods)s",
        goods=Lines(tuple(say("%(goods)s", goods=heading(goods)) for _, goods in lines), numbered=True),
        items=picks,
        choices=[anew],
    )


def _go_on(at: Returning, goods: Goods | None, ports: Ports) -> Say:
    """Where we were, and whether to go on."""
    on = weekday(at.draft.asked_on, ports.now.date())
    anew = choice("anew", say("Start over"))
    if goods is None:
        return say(
            "Hello %(named)s! On %(day)s you were about to put something on sale. Shall we go on?",
            day=on,
            choices=[choice("yes", say("Go on with it")), anew],
        )
    if at.quantity is None:
        return say(
            "Hello %(named)s! On %(day)s you were putting %(name)s on sale. Shall we go on?",
            day=on,
            name=name(goods),
            choices=[choice("yes", say("Go on with it")), anew],
        )
    many, per, what = at.quantity, unit(goods), name(goods)
    if len(f"Đúng, {many} {goods.unit} {what}") > BUTTON:
        yes = say("Yes, that is right")
    else:
        yes = say("Yes, %(quantity)s %(unit)s of %(name)s", quantity=many, unit=per, name=what)
    return say(
        "Hello %(named)s! On %(day)s you were putting %(name)s on sale. Do you have %(quantity)s %(unit)s of %(name)s?",
        day=on,
        name=what,
        quantity=many,
        unit=per,
        choices=[choice("yes", yes), choice("no", say("That is wrong")), anew],
    )


def _something_else() -> Choice:
    return choice("other", say("Something else"))
