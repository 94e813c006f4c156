"""What people might type for a product of the lexicon, made with a seed: the questions of `bench.searching`.

Slips are those of fingers on a phone, whoever searches: a neighbouring key, a letter left out, doubled, or two swapped.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from random import Random

from catalog.search import Entry
from catalog.syllables import fold, tone_last, words_of

EVERY_KIND = 4932
BY_HAND = Path(__file__).with_name("data") / "asked_by_hand.tsv"
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_TELEX = {"ă": "aw", "â": "aa", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw", "đ": "dd"}
_TONES = {"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"}
_SHORT = (("ph", "f"), ("gi", "j"), ("c", "k"), ("qu", "w"), ("d", "z"), ("i", "j"), ("ngh", "ng"))
_SENTENCES = (
    "cho em 2 ký {} với ạ",
    "bên mình còn {} không shop",
    "{} bao nhiêu một cân vậy",
    "lấy cho chị 3 hộp {} nhé",
    "hôm nay có {} không em",
    "anh muốn đặt 5kg {} giao chiều nay",
    "tui mua {} được hông",
    "nhà bác có 20 kg {} muốn bán",
    "shop ơi {} giá sao",
    "cô cần 1 chục {} cho ngày mai",
    "em hỏi {} loại ngon còn hàng k ạ",
    "mai giao {} cho mình được không",
)
_OTHER_SENTENCES = (
    "đặt giúp mình {} nha",
    "cháu ơi bán cho bà ít {}",
    "còn nhiều {} không vậy",
    "gửi em 4 túi {} về địa chỉ cũ",
    "chỗ mình bán {} như thế nào",
    "tôi có hai tạ {} mới thu hoạch",
    "mua {} ở đâu vậy ad",
    "thêm 1kg {} vào đơn nữa nhé",
    "vườn chú sắp cắt {} rồi cháu",
    "cho hỏi {} có sẵn chưa",
    "bữa nay {} mắc không con",
    "lấy 500g {} thôi em",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is typed, and the products that it may mean."""

    kind: str
    words: str
    meant: frozenset[int]


class Lexicon:
    """The shipped list of products. A row's number is its id."""

    def __init__(self, rows: Iterable[tuple[str, Sequence[str]]]) -> None:
        self.rows = tuple(rows)

    @classmethod
    def shipped(cls) -> "Lexicon":
        text = (files("bot.understand") / "data" / "products.tsv").read_text(encoding="utf-8")
        found = []
        for line in text.splitlines():
            if line and not line.startswith("#"):
                columns = line.split("\t")
                others = [one.strip().removeprefix("~") for one in columns[-1].split(",")]
                found.append((columns[1].removeprefix("~"), [other for other in others if other]))
        return cls(found)

    def part(self, chance: Random, count: int) -> "Lexicon":
        """That many of the products, those that are asked for by hand among them."""
        wanted = {name for _, names in _by_hand() for name in names}
        kept = [row for row in self.rows if row[0] in wanted]
        others = [row for row in self.rows if row[0] not in wanted]
        return Lexicon(kept + chance.sample(others, count - len(kept)))

    def entries(self) -> list[Entry]:
        return [Entry(number, name, tuple(others)) for number, (name, others) in enumerate(self.rows)]

    @cached_property
    def spellings(self) -> list[str]:
        return sorted({spelling for name, others in self.rows for spelling in (name, *others)})

    @cached_property
    def _holders(self) -> dict[str, frozenset[int]]:
        """Which products a text names in full: by the words with their marks, and by those without any."""
        found = defaultdict[str, set[int]](set)
        for number, (name, others) in enumerate(self.rows):
            for spelling in (name, *others):
                for form in {marked(spelling), plain(spelling)}:
                    found[form].add(number)
        return {form: frozenset(numbers) for form, numbers in found.items()}

    def named(self, text: str) -> frozenset[int]:
        """The products that the whole text names; marks count if there are any."""
        return self._holders.get(marked(text), frozenset())

    def fewer(self, text: str) -> frozenset[int]:
        """The products that the text may name if one word was left out."""
        return self._shortened.get(marked(text), frozenset())

    @cached_property
    def _shortened(self) -> dict[str, frozenset[int]]:
        found = defaultdict[str, set[int]](set)
        for form, numbers in self._holders.items():
            words = form.split()
            for left_out in range(len(words)):
                found[" ".join(words[:left_out] + words[left_out + 1 :])] |= numbers
        return {form: frozenset(numbers) for form, numbers in found.items()}


def marked(text: str) -> str:
    return " ".join(map(tone_last, words_of(text)))


def plain(text: str) -> str:
    return " ".join(map(fold, words_of(text)))


def asked(lexicon: Lexicon, chance: Random, count: int = EVERY_KIND) -> list[Asked]:
    """About `count` questions: those by hand, and as many of each other kind; the same for the same seed."""
    by_hand = list(hand_written(lexicon))
    each, more = divmod(count - len(by_hand), len(_KINDS))
    made = list(by_hand)
    for position, (kind, damage) in enumerate(_KINDS.items()):
        wanted = each + (position < more)
        while wanted:
            spelling = chance.choice(lexicon.spellings)
            typed = damage(spelling, chance)
            if typed is None or marked(typed) == "":
                continue
            undamaged = spelling if marked(typed) != plain(typed) else plain(spelling)
            meant = lexicon.named(undamaged) | (lexicon.fewer(typed) if kind == "a word dropped" else frozenset())
            other = lexicon.named(typed)
            if other - meant or (kind == "a word dropped" and other):
                continue  # it has become the very name of something else: nobody could know
            made.append(Asked(kind, typed, meant))
            wanted -= 1
    return made


def hand_written(lexicon: Lexicon) -> Iterator[Asked]:
    """Raises KeyError where the lexicon has no such product."""
    numbers = {name: number for number, (name, _) in enumerate(lexicon.rows)}
    for typed, names in _by_hand():
        yield Asked("by hand", typed, frozenset(numbers[name] for name in names))


def _by_hand() -> Iterator[tuple[str, list[str]]]:
    for line in BY_HAND.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            typed, names = line.split("\t")
            yield typed, names.split("|")


def _as_it_is(spelling: str, chance: Random) -> str:
    return chance.choice([spelling, spelling.lower(), spelling.upper(), spelling.capitalize()])


def _without_marks(spelling: str, chance: Random) -> str:
    return chance.choice([plain(spelling), plain(spelling).upper()])


def _telex(spelling: str, chance: Random) -> str | None:
    """As the keys were struck; the tone at the end of the syllable, or by the quick right after the vowel."""
    if spelling.isascii():
        return None
    return " ".join(_struck(word, tone_at_end=chance.random() < 0.8) for word in words_of(spelling))


def _struck(word: str, *, tone_at_end: bool) -> str:
    tone, keys = "", ""
    for letter in word:
        signs = unicodedata.normalize("NFD", letter)
        own = next((_TONES[sign] for sign in signs if sign in _TONES), "")
        base = unicodedata.normalize("NFC", "".join(sign for sign in signs if sign not in _TONES))
        keys += _TELEX.get(base, base)
        if tone_at_end:
            tone = tone or own
        else:
            keys += own
    return keys + tone


def slip(text: str, chance: Random) -> str:
    """The text with one slip of the fingers in one of its letters."""
    letters = [i for i, letter in enumerate(text) if letter.isalpha()]
    at = chance.choice(letters)
    kind = chance.choices(("neighbour", "left out", "doubled", "swapped", "both"), (40, 22, 8, 20, 10))[0]
    match kind:
        case "left out":
            return text[:at] + text[at + 1 :]
        case "doubled":
            return text[: at + 1] + text[at:]
        case "swapped" if text[at + 1 : at + 2].isalpha():
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        case "both":
            return text[: at + 1] + _beside(text[at], chance) + text[at + 1 :]
        case _:
            return text[:at] + _beside(text[at], chance) + text[at + 1 :]


def _beside(letter: str, chance: Random) -> str:
    key = fold(letter.lower())
    for number, row in enumerate(_KEYS):
        if (at := row.find(key)) >= 0:
            near = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
            for other in _KEYS[max(0, number - 1) : number] + _KEYS[number + 1 : number + 2]:
                near += other[max(0, at - 1) : at + 1]
            return chance.choice(near)
    return letter


def _slips(count: int, shortest: int) -> Callable[[str, Random], str | None]:
    def damage(spelling: str, chance: Random) -> str | None:
        typed = start = chance.choice([spelling.lower(), plain(spelling)])
        if sum(letter.isalpha() for letter in spelling) < shortest:
            return None
        for _ in range(count):
            typed = slip(typed, chance)
        return typed if typed != start else None

    return damage


def _short_letters(spelling: str, chance: Random) -> str | None:
    """Each syllable's letters as the young write them, one change a syllable, without marks."""
    words = plain(spelling).split()
    changed = []
    for word in words:
        fits = [(long, short) for long, short in _SHORT if word.startswith(long) or (long == "i" and "i" in word)]
        long, short = chance.choice(fits) if fits and chance.random() < 0.8 else ("", "")
        changed.append(word.replace(long, short, 1) if long else word)
    return None if spelling.isascii() or changed == words else " ".join(changed)


def _joined(spelling: str, chance: Random) -> str | None:
    words = words_of(spelling)
    typed = "".join(words) if chance.random() < 0.5 else plain(spelling).replace(" ", "")
    return typed if len(words) > 1 else None


def _in_sentence(sentences: Sequence[str]) -> Callable[[str, Random], str]:
    def damage(spelling: str, chance: Random) -> str:
        said = chance.choice(sentences).format(spelling.lower())
        return said if chance.random() < 0.5 else fold(said)

    return damage


def _fewer_words(spelling: str, chance: Random) -> str | None:
    words = words_of(spelling)
    if len(words) < 3:
        return None
    del words[chance.randrange(len(words))]
    return " ".join(words) if chance.random() < 0.5 else plain(" ".join(words))


def _shuffled(spelling: str, chance: Random) -> str | None:
    words = words_of(spelling)
    mixed = chance.sample(words, len(words))
    return None if mixed == words else " ".join(mixed) if chance.random() < 0.5 else plain(" ".join(mixed))


_KINDS: dict[str, Callable[[str, Random], str | None]] = {
    "with accents": _as_it_is,
    "without accents": _without_marks,
    "raw Telex": _telex,
    "one slip": _slips(1, 4),
    "two slips": _slips(2, 8),
    "short letters": _short_letters,
    "in one word": _joined,
    "in a sentence": _in_sentence(_SENTENCES + _OTHER_SENTENCES),
    "a word dropped": _fewer_words,
    "shuffled": _shuffled,
}
