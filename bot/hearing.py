"""One turn, thought out: what an event means in this talk, what is done and said about it.

What does it mean (`bot.house`) → step → act → what it comes to. The house rules of a talk are here, once, for every
dialogue: the open question, parked talks that are taken up again, going back, cancelling, being asked twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import inbox, outbox, thread
from bot.conversation import (
    MAX_HISTORY,
    MAX_PARKED,
    Conversation,
    Memory,
    OpenChoice,
    Past,
    Question,
    Talk,
    last_seen_of,
    load_memory,
    read_memory,
    write_memory,
)
from bot.dialogue import Ask, Dialogue, Heard, StaleState, Turn
from bot.effect import Effect, Hint, Hold, Remember, Say, Tell, choice, say
from bot.event import (
    SAID,
    Back,
    Change,
    ContactCard,
    Due,
    Edited,
    Event,
    Follow,
    HandedBack,
    Inbound,
    Location,
    Number,
    OrderCancelled,
    OrderNews,
    Other,
    Photo,
    Pick,
    Referral,
    Start,
    Sticker,
    Tap,
    Text,
    Withdrawn,
)
from bot.event import (
    Voice as VoiceNote,
)
from bot.forget import forget_talk
from bot.house import Action, Chosen, Code, Early, House, Over, Rest, meaning
from bot.outbox import Promise
from bot.ports import MISSES_AN_HOUR, Ports
from bot.speech import Speech
from bot.understand import intent
from bot.understand.intent import Intent
from bot.understand.keeping import wish_of_keeper
from bot.understand.words import no, yes
from catalog.account import Account
from catalog.acts import Command, News, Refused, Result, Who
from catalog.acts.forgetting import Forget, conversations_of
from catalog.acts.person import OpenCase
from catalog.case import close_cases
from catalog.db import WouldWrite, once

STALE_ANSWER = timedelta(hours=24)
DRAFTS_LIVE = timedelta(days=30)
REACHABLE = timedelta(hours=23)
"""After her last action, inside every platform's free window: as long as the bot speaks up by itself."""
SURE = 0.5
KEEPERS = frozenset({"producer", "staff"})
CALLS_OFF = "cancel"
SHOWS_GOODS = frozenset({"order.add", "shop.show"})
SHOWS_A_LOT = "order.lot"
"""Keys of choices beside which goods are shown, and a lot."""

LOST_THREAD = say("I have learned something new meanwhile and lost the thread. Let us begin again.")
NEWS: dict[str, Callable[[int], Event]] = {"order": OrderNews, "cancelled": OrderCancelled}


Jot = tuple[Who, Command]
"""A command that nobody waits for, and in whose name it is done."""


@dataclass(slots=True)
class Outcome:
    """What a turn comes to, beside the conversation's own columns. memory: as JSON; None: it stays as it was."""

    promises: Sequence[Promise] = ()
    memory: bytes | None = None
    jots: Sequence[Jot] = ()


@dataclass(frozen=True, slots=True)
class World:
    """What a turn needs from outside, handed in by the roof.

    ports: builds what steps may read, over this turn's session. act: carries a command out and says who must hear.
    """

    dialogues: Mapping[str, Dialogue]
    ports: Callable[[Session, Conversation, Memory, inbox.Pending, datetime], Ports]
    act: Callable[[Session, Who, Command], tuple[Result, Sequence[News]]]
    now: Callable[[], datetime]
    takeover: timedelta = timedelta(hours=12)
    """How long the bot is silent after the last words of a colleague who answers by hand."""
    language: str = "vi"
    """Of what staff read."""
    jot: Callable[[Session, Sequence[Jot]], None] | None = None
    """Carries out many commands whose results nobody waits for, at once. None: one by one, by `act`."""


class Hearing:
    """The working state of one turn. memory: what the turn before it left, as JSON, where that is not in the row yet.

    jots: takes the commands that nobody waits for; None: they are carried out like all others.
    """

    def __init__(
        self,
        db: Session,
        row: inbox.Pending,
        world: World,
        conversation: Conversation,
        now: datetime,
        *,
        memory: bytes | None = None,
        jots: list[Jot] | None = None,
    ) -> None:
        self.db = db
        self.row = row
        self.world = world
        self.conversation = conversation
        self.account = once(db, (Account, row.account_id), lambda: db.get_one(Account, row.account_id))
        self.now = now
        self.holds = False
        self.jots = jots
        kept = load_memory(db, conversation) if memory is None else read_memory(memory)
        self.memory = kept if kept is not None else Memory()
        self.speech = Speech(conversation, self.memory, row, now, lambda: self.ports.me)
        if kept is None:
            self.speech.said.append(LOST_THREAD)
        self.refresh()

    def refresh(self) -> None:
        """Read anew what a command may have changed."""
        self.ports = self.world.ports(self.db, self.conversation, self.memory, self.row, self.now)

    # What an event means

    def hear(self, event: Event) -> None:
        if not isinstance(event, SAID):
            self.learn(event)
            return
        if isinstance(event, Edited):
            self.edited()
            return
        if isinstance(event, Follow) and self.conversation.seen_at is not None:
            return
        if self.gap() > DRAFTS_LIVE:
            self.memory.talks, self.memory.question = [], None
        question = self.answered(event)
        match meaning(event, question, counts=self.counts(question, tapped=isinstance(event, Tap))):
            case Code(code, invites):
                self.understood()
                self.act_on(self.looked_up_by(code, invites=invites), code, by_hand=isinstance(event, Text))
            case Chosen(chosen):
                if self.jots is not None and question is not None and question.weighty and chosen.key == "yes":
                    raise WouldWrite  # it saves or spends: no use in thinking it through first
                self.understood()
                self.choose(chosen, bare=not isinstance(event, Tap))
            case Action(key, arg):
                self.understood()
                self.act_on(key, arg)
            case Over():
                self.understood()
                self.over()
            case Early():
                self.speech.speak(say("Just to be sure, please answer once more:"))
                self.speech.ask_anew()
            case House(word):
                self.understood()
                self.house(word)
            case Rest(heard):
                self.rest(heard)

    def looked_up_by(self, code: str, *, invites: bool) -> str:
        """What answers twelve digits that check. Who has guessed too often has nothing looked up."""
        if self.ports.missed_lately >= MISSES_AN_HOUR:
            return "trace.scan"
        return "tie.invited" if invites or self.ports.book.invited(code) else "trace.scan"

    def learn(self, event: Event) -> None:
        """What she did not say herself: news for her, an alarm, a thread that is ours again."""
        match event:
            case HandedBack() | Due(thread.OVER):
                self.come_back(event)
            case Due(thread.ENDS):
                if self.conversation.left_alone and thread.is_taken(self.conversation, self.now):
                    self.act_on("person.waiting", "")
            case Withdrawn():
                self.forget()
            case _:
                self.tell_her(event)

    def answered(self, event: Event) -> Question | None:
        """The question that an event may answer: the open one. A button brings the talk to the front that asked it."""
        if isinstance(event, Tap):
            number = event.choice.partition(":")[0]
            for talk in self.memory.talks:
                if talk.question is not None and str(talk.question.id) == number:
                    self.memory.talks.remove(talk)
                    self.memory.talks.append(talk)
                    self.memory.question = talk.question
                    break
        return self.memory.question

    def counts(self, question: Question | None, *, tapped: bool) -> bool:
        """Whether this row is later than the question, and not an old one that came late. A tap has seen it."""
        if question is None:
            return True
        if tapped:
            return self.row.at >= question.cause_at
        return (
            self.row.received_at > question.asked_at
            and self.row.at >= question.cause_at
            and self.row.at >= self.conversation.heard_at
        )

    def rest(self, heard: Event | Number) -> None:
        """Neither a choice nor a house word: the step first, then a new wish, then the kind of thing it is."""
        talk = self.talk()
        if talk is not None:
            if self.away() and self.welcome_back(talk, heard):
                self.understood()
                return
            if self.pointed(talk, heard):
                return
            hint = self.step(talk, heard)
            if hint is None:
                self.understood()
                return
        elif self.pointed(talk, heard):
            return
        else:
            hint = None
        match heard:
            case Text(typed):
                self.wish(typed, hint)
            case Start() | Referral() | Follow():
                self.understood()
                self.act_on("menu.start", "")
            case Photo() | VoiceNote():
                self.understood()
                self.act_on("person.media", thread.spoken(heard))
            case Location():
                self.understood()
                self.act_on("menu.place", "")
            case ContactCard(name, phone, address) if hint is not None and name and phone:
                self.understood()
                self.rest(Text(", ".join(part for part in (f"{name} {phone}", address) if part)))
            case Sticker() if self.memory.question is not None and self.memory.question.choices:
                self.speech.speak(
                    say("A sticker alone is not an answer that I can count. Please type 1 or press a button.")
                )
                self.ask_again()
            case Sticker() | Other() | ContactCard():
                self.act_on("menu.unreadable", heard.kind if isinstance(heard, Other) else "")
            case _:
                self.puzzled(hint)

    def pointed(self, talk: Talk | None, heard: Event | Number) -> bool:
        """`cái đó`, `loại rẻ hơn`, `lấy 2 ký`: about goods that were shown beside the talk."""
        question = self.memory.question
        dialogue = next((d for d in self.world.dialogues.values() if "pointed" in d.openers), None)
        beside = talk is None or talk.question is None or question != talk.question
        if dialogue is None or not beside or not isinstance(heard, Text):
            return False
        choices = question.choices if question is not None else ()
        shown = list(dict.fromkeys(int(one.arg) for one in choices if one.key in SHOWS_GOODS and one.arg.isdecimal()))
        code = next((one.arg for one in choices if one.key == SHOWS_A_LOT), "")
        if not self.open(dialogue, Ask("pointed", words=heard.words, slots={"shown": shown, "code": code}), asks=True):
            return False
        self.understood()
        return True

    def wish(self, typed: str, hint: Say | None) -> None:
        talk = self.talk()
        if (talk is None or self.rests(talk)) and (yes(typed) or no(typed)):
            self.understood()
            self.act_on("menu.noted", "")
            return
        found = self.wish_of_keeper(typed) or intent.read(typed, self.role(), self.find)
        opener = next((d for d in self.world.dialogues.values() if found.name in d.intents), None)
        if opener is None or found.confidence < SURE:
            self.puzzled(hint)
            return
        self.understood()
        if found.name == CALLS_OFF and talk is not None and not self.rests(talk) and "order_code" not in found.slots:
            self.cancel()  # what is open is nearer than an order that was placed
            return
        self.open(opener, Ask(found.name, words=typed, slots=dict(found.slots)))

    def edited(self) -> None:
        """She changed a message that was answered already. Nothing is done twice: she is told how to change it."""
        talk = self.talk()
        if talk is not None and talk.question is not None and not talk.question.rests:
            self.speech.speak(
                say("I saw that you changed a message. I still go by the old one; to change it, type sửa.")
            )
            self.ask_again()
            return
        today = self.ports.now.date()
        order = next((order for order in self.ports.orders.mine() if order.placed_on == today), None)
        if order is not None and order.status != "cancelled":
            self.speech.speak(
                say(
                    "I saw that you changed a message. Order %(code)s stands as it was. To change it, call it off by "
                    "typing hủy, or type 9 for a person.",
                    code=order.code,
                )
            )

    def come_back(self, event: Event) -> None:
        """A colleague's time with her is over. Where she waits, or it was handed back, the bot says so."""
        until, given = self.conversation.taken_until, min(self.row.at, self.now)
        if until is not None and (until > self.now if isinstance(event, Due) else given < until - self.world.takeover):
            return  # somebody wrote again since the alarm was set, or since it was handed back
        spoke = self.conversation.left_alone or isinstance(event, HandedBack)
        was_taken = self.conversation.taken_by != ""
        thread.free(self.conversation, given)
        if self.conversation.owed:
            self.conversation.owed = not outbox.take_up(self.db, self.conversation.id, self.now)
        close_cases(self.db, self.conversation.id, thread.CASE, self.now)
        touched = self.conversation.touched_at
        if not (was_taken and spoke):
            return
        if touched is not None and self.now - touched < REACHABLE:
            self.ask_again()
        elif isinstance(event, Due):
            self.act_on("person.waiting", "")

    def forget(self) -> None:
        """The platform says that she wants to be forgotten: at once, and a person looks at what must be kept."""
        hers = conversations_of(self.db, self.conversation.id)
        if isinstance(self.do(Forget(), at_end=True), Refused):
            self.do(OpenCase("data request", note="withdrawn on the platform"), at_end=True)
            return
        for talk in self.db.scalars(select(Conversation).where(Conversation.id.in_(hers))):
            forget_talk(self.db, talk, self.row.id, self.now)
        self.memory = Memory()

    def role(self) -> Literal["customer", "producer"]:
        return "producer" if self.ports.me.role == "producer" else "customer"

    def wish_of_keeper(self, typed: str) -> Intent | None:
        """What only those may want who keep lots. Whoever else says it is read as ever, and told of no rights."""
        if self.ports.me.role not in KEEPERS:
            return None
        return wish_of_keeper(typed, self.ports.now.date(), self.find)

    def find(self, query: str) -> list[tuple[int, float]]:
        return [(found.goods.id, found.score) for found in self.ports.shelf.search(query)]

    # House words

    def house(self, word: str) -> None:
        talk = self.talk()
        match word:
            case "menu":
                self.act_on("menu.open", "")
            case "person":
                self.act_on("person.call", "")
            case "help":
                self.act_on("menu.help", "")
            case "back" | "change":
                if talk is None:
                    self.act_on("menu.nothing_to_undo", "")
                elif self.step(talk, Back() if word == "back" else Change()) is not None:
                    self.go_back(talk)
            case "cancel":
                self.cancel()

    def go_back(self, talk: Talk) -> None:
        if not talk.history:
            self.speech.speak(say("We are at the first step already."))
            self.ask_again()
            return
        past = talk.history.pop()
        talk.state = past.state
        talk.question = None
        if past.question is not None:
            self.speech.ask(replace(past.question, id=self.speech.new_question_id()))

    def cancel(self) -> None:
        talk = self.talk()
        if talk is None:
            ordered = self.role() == "customer" and self.ports.orders.mine()
            self.act_on("mine.cancel" if ordered else "menu.nothing_to_undo", "")
            return
        if self.rests(talk):
            self.memory.talks.remove(talk)
            self.memory.question = None
            self.act_on("menu.noted", "")
            return
        number = str(self.memory.questions + 1)  # of this very question: its button is over with it
        self.speech.speak(
            say(
                "Shall I drop this? What was begun will be gone.",
                choices=(
                    choice(
                        "engine.drop",
                        say("Yes, drop it"),
                        number,
                        words=("có", "đúng", "ok", "yes", "thôi", "hủy", "bỏ"),
                    ),
                    choice("engine.keep", say("No, go on"), number, words=("không", "no")),
                ),
            ),
            aside=True,
        )

    # Talks

    def talk(self) -> Talk | None:
        return self.speech.talk()

    @staticmethod
    def rests(talk: Talk) -> bool:
        """Whether nothing has to be answered any more."""
        return talk.question is not None and talk.question.rests

    def choose(self, chosen: OpenChoice, *, bare: bool) -> None:
        """Take a choice. `bare`: it was typed, so that after a day of silence it is asked about before it counts."""
        if "." in chosen.key:
            self.act_on(chosen.key, chosen.arg)
            return
        talk = self.talk()
        pick = Pick(chosen.key, chosen.arg)
        if talk is None:
            self.over()
        elif bare and self.away() and self.welcome_back(talk, pick):
            return
        elif (hint := self.step(talk, pick)) is not None:
            self.puzzled(hint)

    def act_on(self, key: str, arg: str, *, by_hand: bool = False) -> None:
        """Do what a button names: `<dialogue>.<action>`."""
        if key in {"engine.drop", "engine.keep"}:
            self.drop_or_keep(key, arg)
            return
        name, _, action = key.partition(".")
        dialogue = self.world.dialogues.get(name)
        if dialogue is None or action not in dialogue.openers:
            self.over()
            return
        self.open(dialogue, Ask(action, arg, "typed" if by_hand else ""))

    def drop_or_keep(self, key: str, number: str) -> None:
        """Answer to `Shall I drop this?`, as long as that is the question that is open."""
        question = self.memory.question
        if question is None or str(question.id) != number:
            self.over()
            return
        if key == "engine.drop":
            if self.memory.talks:
                self.memory.talks.pop()
            self.memory.question = None
            self.speech.speak(say("All right, I have dropped it."))
        self.ask_again()

    def open(self, dialogue: Dialogue, ask: Ask, *, asks: bool = False) -> bool:
        """Start a dialogue, or bring the one that is under way to the front with the new wish.

        asks: only if it understands; False, and nothing has happened, where it has but a hint to give.
        """
        talk = next((t for t in self.memory.talks if t.dialogue == dialogue.name), None)
        state = self.load(talk) if talk is not None else None
        turn = dialogue.openers[ask.name](state, ask, self.ports)
        if asks and any(isinstance(effect, Hint) for effect in turn[1]):
            return False
        if talk is not None and talk in self.memory.talks:
            self.memory.talks.remove(talk)
        else:
            talk = None
        if turn[0] is not None:
            talk = talk or Talk(dialogue.name, {})
            self.memory.talks.append(talk)
            del self.memory.talks[: -(MAX_PARKED + 1)]
        self.follow(dialogue, talk, state, turn)
        return True

    def tell_her(self, event: Event) -> None:
        """Something that no person did: say it if it still means something, then ask again what was open."""
        for dialogue in self.world.dialogues.values():
            listener = dialogue.listeners.get(type(event))
            if listener is None:
                continue
            talk = self.talk()
            if talk is not None and talk.dialogue != dialogue.name:
                talk = None
            state = self.load(talk) if talk is not None else None
            turn = listener(state, event, self.ports)
            if turn[1]:
                self.follow(dialogue, talk, state, turn)

    def load(self, talk: Talk) -> Any:
        """The talk's state; None, and the talk is gone, if today's code does not know it."""
        try:
            return self.world.dialogues[talk.dialogue].load(talk.state)
        except (StaleState, KeyError):
            self.memory.talks.remove(talk)
            self.memory.question = None
            self.speech.said.append(LOST_THREAD)
            return None

    def step(self, talk: Talk, heard: Heard) -> Say | None:
        """Let the talk's step hear it. None if it was understood, otherwise the step's own hint."""
        dialogue = self.world.dialogues.get(talk.dialogue)
        state = self.load(talk)
        if dialogue is None or state is None:
            return say("Please tell me again what you would like.")
        turn = dialogue.take(state, heard, self.ports)
        for effect in turn[1]:
            if isinstance(effect, Hint):
                return effect.say
        self.follow(dialogue, talk, state, turn)
        return None

    def follow(self, dialogue: Dialogue, talk: Talk | None, before: Any, turn: Turn[Any]) -> None:
        """Do what a turn asks for, and let the step hear what became of it, until it is at rest."""
        asked_before = talk.question if talk is not None else None
        state, effects = turn[0], list(turn[1])
        while effects:
            result = self.do(effects.pop(0), at_end=state is None)
            if result is not None and state is not None:
                state, more = dialogue.take(state, result, self.ports)
                effects = [*more, *effects]
        if talk is not None and state is not None:
            talk.state = dialogue.dump(state)
            moved = asked_before is not None and talk.question is not None and talk.question.id != asked_before.id
            if before is not None and (before != state or moved):
                talk.history.append(Past(dialogue.dump(before), asked_before))
                del talk.history[:-MAX_HISTORY]
            return
        if talk is not None:
            if talk in self.memory.talks:
                self.memory.talks.remove(talk)
            if self.memory.question == talk.question:
                self.memory.question = None
        self.take_up()

    def do(self, effect: Effect, *, at_end: bool) -> Result | None:
        match effect:
            case Say():
                self.holds = self.holds or (at_end and bool(effect.items or effect.card))  # its numbers are open now
                self.speech.speak(effect, aside=at_end)
            case Hint(bubble):
                self.speech.speak(bubble, aside=True)
                if self.talk() is not None:
                    self.ask_again()
            case Tell(person_id, event, key):
                self.tell([(person_id, event, key)])
            case Remember(name, value):
                self.remember(name, value)
            case Hold():
                self.holds = True
            case Command():
                who = Who(
                    self.row.account_id,
                    self.conversation.id,
                    self.account.channel,
                    self.conversation.address,
                    self.row.key,
                    self.ports.now,
                )
                if self.jots is not None and not effect.awaited:
                    self.jots.append((who, effect))
                    return None
                self.db.flush()
                result, news = self.world.act(self.db, who, effect)
                self.tell([(one.person_id, NEWS[one.about](one.ref), f"{one.about}:{one.ref}") for one in news])
                if effect.renews:
                    self.refresh()
                return result
        return None

    def remember(self, name: str, value: str) -> None:
        match name:
            case "suggested":
                self.memory.suggested = [*self.memory.suggested, self.now][-20:]
            case "missed":
                self.memory.missed = [*self.memory.missed, self.now][-20:]
            case "quiet":
                self.memory.quiet = bool(value)
            case "greeted":
                self.speech.greeted = True
            case "lot":
                self.memory.lot = value
            case "language" | "you":
                setattr(self.memory, name, value)
                self.refresh()

    def tell(self, news: Sequence[tuple[int, Event, str]]) -> None:
        """A row in the inbox of each person, at the conversation where she was seen last: person, event, key."""
        where = last_seen_of(self.db, [person_id for person_id, _, _ in news]) if news else {}
        arrivals = [
            (to.account_id, Inbound("", to.address, f"tell:{key}:{to.id}", self.now, event))
            for person_id, event, key in news
            if (to := where.get(person_id)) is not None
        ]
        if arrivals:
            inbox.receive(self.db, arrivals, self.now)

    # After a long silence

    def gap(self) -> timedelta:
        """How long she had been silent."""
        seen = self.conversation.seen_at
        return timedelta(0) if seen is None else self.row.received_at - seen

    def away(self) -> bool:
        return self.gap() > STALE_ANSWER

    def welcome_back(self, talk: Talk, heard: Heard) -> bool:
        """After more than a day: say where we were and ask whether to go on. True if that was said."""
        dialogue = self.world.dialogues.get(talk.dialogue)
        state = self.load(talk)
        if dialogue is None or state is None:
            return False
        if dialogue.welcome_back is None:
            self.speech.speak(say("Last time we were here:"))
            self.ask_again()
            return True
        self.follow(dialogue, talk, state, dialogue.welcome_back(state, heard, self.ports))
        self.speech.greeted = True
        return True

    # What is not understood

    def understood(self) -> None:
        self.memory.misses = 0

    def puzzled(self, hint: Say | None) -> None:
        """Say so, never twice in the same words, and from the second time on offer a person."""
        self.memory.misses += 1
        if self.memory.misses == 1 and hint is not None:
            self.hint(hint)
        elif self.talk() is None:
            self.act_on("menu.puzzled" if self.memory.misses % 2 else "menu.puzzled_again", "")
        elif self.memory.misses % 2:
            self.speech.speak(say("I still do not understand. Please answer this question, or type 0 for the menu:"))
            self.ask_again()
        else:
            self.speech.speak(say("I am sorry, I did not understand. Type 9 and a person of %(coop)s will help you."))
            self.ask_again()

    def hint(self, hint: Say) -> None:
        """Say what a step wants to hear. If it is the open question in other words, the old buttons go on working."""
        talk = self.talk()
        if not hint.asks:
            self.speech.said.append(hint)
            self.ask_again()
        else:
            open_one = talk.question if talk is not None else None
            question = self.speech.question(hint, open_one)
            if open_one is not None and question.bubble.text == open_one.bubble.text:
                self.speech.speak(say("I did not quite understand that."))
            self.speech.ask(question)

    def apologise(self) -> None:
        self.act_on("person.broken", "")

    # Asking again

    def over(self) -> None:
        """A button of something that is no more."""
        self.speech.speak(say("That question is closed already, there is nothing more to do for it."))
        self.ask_again()

    def ask_again(self) -> None:
        """Repeat the question of the open talk, or say what is possible now."""
        talk = self.talk()
        if talk is not None and talk.question is not None:
            self.speech.ask(talk.question)
        elif talk is None:
            self.act_on("menu.possible", "")

    def take_up(self) -> None:
        """A talk has ended: go on with the one that was parked, if there is one."""
        talk = self.talk()
        if self.holds or talk is None or talk.question is None or talk.question.rests:
            return
        if thread.is_taken(self.conversation, self.now):
            return
        if talk.question not in self.speech.said:
            self.speech.ask(talk.question)

    # What it comes to

    def outcome(self, *, by_a_person: bool) -> Outcome:
        """What is to be kept beside the conversation's own columns, which are as they have to be now."""
        talk = self.talk()
        promises = [
            Promise(
                account_id=self.row.account_id,
                channel=self.account.channel,
                address=self.conversation.address,
                conversation_id=self.conversation.id,
                inbox_id=self.row.id,
                bubble=bubble,
                created_at=self.now,
                notice=not by_a_person,
                reclaims=self.speech.came_back,
            )
            for bubble in self.speech.bubbles()
        ]
        if by_a_person:
            self.conversation.seen_at = self.row.received_at
            self.conversation.heard_at = max(self.conversation.heard_at, min(self.row.at, self.now))
            dialogue = self.world.dialogues.get(talk.dialogue) if talk is not None else None
            nudge = dialogue.nudge_after if dialogue is not None and not self.memory.quiet else None
            self.conversation.remind_at = self.now + nudge if nudge else None
        return Outcome(promises, write_memory(self.memory), self.jots or [])
