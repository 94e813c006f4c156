"""What one turn says: bubbles in the person's language, and the question that stays open behind them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.conversation import Conversation, Memory, OpenChoice, Question, Talk
from bot.effect import Carousel as Row
from bot.effect import Choice, Say, say
from bot.effect import Paper as Sheet
from bot.house import button_id
from bot.i18n import Voice, in_words, words
from bot.inbox import Pending
from bot.ports import Me
from bot.reply import Bubble, Button, Card, Carousel, Notice, Paper
from bot.thread import came_back

LONG_GAP = timedelta(days=3)
MAX_BUBBLES = 2


class Speech:
    """Collects what is said in a turn. `said` holds sentences and questions in order; nothing is kept before the save.

    me: whom we speak to, as she is known at the moment of asking.
    """

    def __init__(
        self, conversation: Conversation, memory: Memory, row: Pending, now: datetime, me: Callable[[], Me]
    ) -> None:
        self.conversation = conversation
        self.memory = memory
        self.row = row
        self.now = now
        self.me = me
        self.said: list[Say | Question] = []
        self.papers: dict[int, Paper] = {}  # of questions that are asked for the first time, by their id
        self.greeted = False
        self.came_back = False  # whether the bot speaks for the first time after a colleague

    def talk(self) -> Talk | None:
        return self.memory.talks[-1] if self.memory.talks else None

    def speak(self, bubble: Say, *, aside: bool = False) -> None:
        """Say something. A bubble that asks opens its question, for the open talk unless it is said aside."""
        if not bubble.asks:
            self.said.append(bubble)
            return
        question = self.question(bubble)
        if bubble.file is not None:
            self.papers[question.id] = self.paper(bubble.file)
        self.ask(question, aside=aside)

    def ask(self, question: Question, *, aside: bool = False) -> None:
        self.memory.question = question
        talk = self.talk()
        if talk is not None and not aside:
            talk.question = question
        self.said.append(question)

    def ask_anew(self) -> None:
        """Repeat the open question as one that was asked only now, so that the next answer counts."""
        question = self.memory.question
        if question is not None:
            self.conversation.heard_at = min(self.row.at, self.now)
            renewed = replace(question, asked_at=self.now, cause_at=min(self.row.at, self.now))
            talk = self.talk()
            self.ask(renewed, aside=talk is None or talk.question != question)

    def new_question_id(self) -> int:
        self.memory.questions += 1
        return self.memory.questions

    def question(self, bubble: Say, before: Question | None = None) -> Question:
        """The question that a bubble asks, without its file, which must not come again whenever the question does.

        It keeps the id of the one `before` if that had the same choices.
        """
        voice = self.voice()

        def opened(offered: Choice) -> OpenChoice:
            return OpenChoice(offered.key, offered.arg, words(offered.title, voice), offered.words)

        items = tuple(map(opened, bubble.items))
        buttons = tuple(map(opened, bubble.choices))
        same = before is not None and before.choices == items + buttons
        number = before.id if before is not None and same else self.new_question_id()
        return Question(
            number,
            self.rendered(replace(bubble, file=None), number, buttons, len(items)),
            items + buttons,
            bubble.expects,
            bubble.weighty,
            self.now,
            min(self.row.at, self.now),
            bubble.rests,
        )

    def rendered(self, bubble: Say, number: int, buttons: Sequence[OpenChoice], offset: int) -> Bubble:
        voice = self.voice()
        return Bubble(
            words(bubble, voice),
            tuple(Button(button_id(number, button.key, button.arg), button.title) for button in buttons),
            offset,
            bubble.card.title if bubble.card else "",
            words(bubble.card.subtitle, voice) if bubble.card else "",
            bubble.card.image if bubble.card else "",
            self.noticed(bubble),
            bubble.receipt,
            self.in_a_row(bubble.carousel, number) if bubble.carousel else None,
            file=self.paper(bubble.file) if bubble.file else None,
        )

    def paper(self, sheet: Sheet) -> Paper:
        voice = self.voice()
        by_link = say("Download the sheet here; the link works once within 24 hours:")
        gone = say("The sheet is not there any more. Please ask for it again.")
        return Paper(sheet.name, sheet.path, sheet.link, words(by_link, voice), words(gone, voice))

    def in_a_row(self, carousel: Row, number: int) -> Carousel:
        """The cards of a list, beside the question of that number."""
        voice = self.voice()

        def buttons(under: Say) -> tuple[Button, ...]:
            return tuple(Button(button_id(number, one.key, one.arg), words(one.title, voice)) for one in under.choices)

        cards = (
            Card(one.card.title, words(one.card.subtitle, voice), one.card.image, buttons(one))
            for one in carousel.cards
            if one.card is not None
        )
        return Carousel(words(carousel.lead, voice), tuple(cards), buttons(carousel.lead))

    def voice(self) -> Voice:
        me = self.me()
        return Voice(me.language, me.you, me.coop, me.name)

    def noticed(self, bubble: Say) -> Notice | None:
        """What an approved template would say in its place."""
        if bubble.notice is None:
            return None
        purpose, values = bubble.notice
        voice = self.voice()
        return Notice(purpose, {name: in_words(value, voice) for name, value in values.items()})

    def bubbles(self) -> list[Bubble]:
        """What was said, as at most two bubbles: what only tells goes in front of what comes after it."""
        bubbles: list[Bubble] = []
        papers = dict(self.papers)
        lead = self.greeting()
        for item in self.said:
            if isinstance(item, Question):
                bubble = replace(item.bubble, file=papers.pop(item.id, None))
            else:
                bubble = self.rendered(item, 0, (), 0)
            if isinstance(item, Question) and item != self.memory.question and bubble.buttons:
                bubble = replace(bubble, numbered=False)
            if lead:
                bubble = bubble.after(lead)
                lead = ""
            bubbles.append(bubble)
        while len(bubbles) > MAX_BUBBLES:
            first, second = bubbles[0], bubbles[1]
            bubbles[:2] = [_one_after(first, second)]
        return bubbles

    def greeting(self) -> str:
        """We say that we are a machine on first contact and after a long gap."""
        seen = self.conversation.seen_at
        if self.greeted or not self.said:
            return ""
        if came_back(self.conversation, self.now):
            self.conversation.taken_by = ""
            self.came_back = True
            return words(say("I am the automatic assistant, and I am back to help you."), self.voice())
        if seen is None:
            return words(say("Hello! I am the automatic assistant of %(coop)s."), self.voice())
        if self.row.received_at - seen > LONG_GAP:
            return words(say("Hello %(named)s, I am the automatic assistant of %(coop)s."), self.voice())
        return ""


def _one_after(first: Bubble, second: Bubble) -> Bubble:
    """The words of both. Where each has a file, the first one's goes as a link."""
    if first.file is not None and second.file is not None:
        return second.after(f"{first.text}\n{first.file.linked}")
    return replace(second.after(first.text), file=first.file or second.file)
