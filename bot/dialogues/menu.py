"""The house itself: hello, the menu, help, and what to say when nobody understood."""

from bot.dialogue import Ask, Dialogue, Turn
from bot.dialogues.shop import see
from bot.effect import Choice, Hold, Money, Remember, choice, say
from bot.i18n import LANGUAGES
from bot.ports import Ports

HIDDEN = "unsupported"
"""What a platform hides of people whom it protects: typing it once more would not help."""

menu = Dialogue("menu")


@menu.action("start")
@menu.opens("greet")
def start(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """She opened the chat, or said hello."""
    if ports.me.role == "producer":
        return None, [say("What can I do for %(named)s today?", choices=_for_producers())]
    return None, [
        say(
            "I can look up a stamp, take an order, show your orders, or call a person. What would you like?",
            choices=_for_customers(),
        )
    ]


@menu.action("open")
def open_menu(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    choices = _for_producers() if ports.me.role == "producer" else _for_customers()
    return None, [Hold(), say("What would you like to do? You can also type 9 for a person.", choices=choices)]


@menu.action("possible")
def possible(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """Said after something is over: what can be done now."""
    choices = _for_producers() if ports.me.role == "producer" else _for_customers()
    return None, [say("What would you like now?", choices=choices)]


@menu.action("help")
@menu.opens("help")
def explain(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    if ports.me.role == "producer":
        return None, [
            say(
                "To sell, just write: cam 20 kg 25 nghìn. To correct it: nhầm, 15 kg thôi.\n"
                "0 menu · 9 a person · lại one step back.",
            )
        ]
    return None, [
        say(
            "Type the 12 digits of a stamp to look it up, or what you want to buy, for example: 2 kg cam.\n"
            "0 menu · 9 a person · lại one step back · thôi cancel."
        )
    ]


@menu.opens("thanks")
def thanks(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    return None, [say("You are welcome! Whenever you need something, just write.")]


@menu.action("noted")
def noted(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """A yes or a no to nothing in particular."""
    return None, [say("All right! Whenever you need something, just write.")]


@menu.action("nothing_to_undo")
def nothing_to_undo(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    return possible(at, ask, ports)


@menu.action("puzzled")
def puzzled(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """Not understood once: say so, and what we can do. Never invent an answer."""
    if ports.me.role == "producer":
        return None, [
            say(
                "I do not know that yet. I can put goods on sale, show your goods, or call a person. Which?",
                choices=_for_producers(),
            )
        ]
    return None, [
        say(
            "I do not know that yet. I can do this: look up a stamp, take an order, show your orders, call a person. "
            "Which would you like?",
            choices=_for_customers(),
        )
    ]


@menu.action("puzzled_again")
def puzzled_again(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """Not understood twice: other words, and a person."""
    goods = ports.shelf.on_sale()
    person = choice("person.call", say("Talk to a person"))
    if ports.me.role == "producer" or not goods:
        return None, [say("I am only good at farm goods. Type 9 and a person will help you.", choices=[person])]
    best = goods[0]
    return None, [
        say(
            "I am only good at talking about %(goods)s 😊 Today there is %(best)s, %(price)s/%(unit)s. "
            "If you need a real person, type 9.",
            goods=say("%(first)s and %(second)s", first=best.short, second=goods[1].short) if goods[1:] else best.short,
            best=best.short,
            price=Money(best.price_vnd),
            unit=best.unit,
            choices=[
                choice("shop.show", see([best]), arg=str(best.id)),
                choice("shop.browse", say("Buy something")),
                person,
            ],
        )
    ]


@menu.action("unreadable")
def unreadable(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """A sticker, a file: nothing that we can read, and nothing that she is left alone with."""
    if ask.arg == HIDDEN:
        return None, [
            say(
                "I cannot see what you sent: the app hides it from me. Please call %(clerk)s of %(coop)s, %(phone)s.",
                clerk=ports.me.clerk,
                phone=ports.me.clerk_phone,
                choices=[choice("person.call", say("Talk to a person"))],
            )
        ]
    return None, [say("I have received it, but I can only read words and numbers. Please type it for me.")]


@menu.action("place")
def place(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """A place on the map: a commune in words is enough for us, and all that we want to keep."""
    return None, [say("I see the place on the map. I do not keep it, so please type house, hamlet and commune for me.")]


@menu.opens("language")
def language(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    wanted = ask.arg or ask.slots.get("language")
    if wanted not in LANGUAGES:
        return None, [
            say(
                "I only know Vietnamese and English so far. %(clerk)s of %(coop)s may know yours.",
                clerk=ports.me.clerk,
                choices=[choice("person.call", say("Talk to a person"))],
            )
        ]
    return None, [Remember("language", str(wanted)), say("Yes! We speak English now. Type VN for Vietnamese.")]


def _for_customers() -> tuple[Choice, ...]:
    return (
        choice("trace.ask", say("Look up a stamp")),
        choice("shop.browse", say("Buy something")),
        choice("mine.show", say("My orders")),
    )


def _for_producers() -> tuple[Choice, ...]:
    return (
        choice("post.start", say("Put on sale"), words=("báo hàng", "bán hàng", "đăng hàng", "đăng bán")),
        choice("garden.show", say("My goods")),
        choice("person.call", say("Talk to a person")),
    )
