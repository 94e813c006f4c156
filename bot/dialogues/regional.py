"""Names that mean several products: elsewhere something else (`củ sắn`, `mận`), or typed without accents (`dua`).

The search of the shelf decides where it is sure. Where it is not, the lexicon says what her words may mean, and she is
asked: nothing is guessed, and nothing is denied that is there under another name.
"""

from collections.abc import Callable, Sequence

from bot.effect import Listed, Say, say
from bot.ports import Found, Goods, Ports
from bot.understand.clauses import KNOWN
from bot.understand.lexicon import Mention, mention_at
from bot.understand.text import clean, tone_key
from bot.understand.tokens import read

SURE = 80.0  # a score of the search from which on a product is meant
MOST_NAMES = 4  # that are said back


def names_of(words: str) -> tuple[str, ...]:
    """The products, by the names that we use, of which exactly these words are a name; most often one or none."""
    mention = _mention(words)
    return tuple(dict.fromkeys(named.name for named in mention.named)) if mention is not None else ()


def is_meant(words: str, goods: Goods, score: float, ports: Ports) -> bool:
    """Whether the search found what she named: `mận` is a product of its own and no `măng`, however alike."""
    if score >= KNOWN or score < SURE:
        return score >= SURE
    names = names_of(words)
    return not names or any(is_called(goods, name, ports) for name in names)


def on_shelf(words: str, ports: Ports) -> list[Found]:
    """What her words surely mean among the goods, best first; by their usual name too (`khổ qua`: mướp đắng)."""
    found = [match for match in ports.shelf.search(words) if is_meant(words, match.goods, match.score, ports)]
    names = names_of(words)
    if found or len(names) != 1:
        return found
    return [
        match
        for match in ports.shelf.search(names[0])
        if match.score >= SURE and is_called(match.goods, names[0], ports)
    ]


def is_called(goods: Goods, name: str, ports: Ports) -> bool:
    """Whether a product that the lexicon names is this one, by its words or, in another language, by other names."""
    if any(match.goods.id == goods.id and match.score >= KNOWN for match in ports.shelf.search(name)):
        return True
    wanted = _keys(name)
    for mine in (_keys(goods.name), _keys(goods.label)):
        if mine[:1] == wanted[:1] and set(mine).issuperset(wanted):  # `gà` is no `trứng gà`
            return True
    return f" {' '.join(_keys(goods.short))} " in f" {' '.join(wanted)} "


def sold_as(name: str, ports: Ports) -> list[Goods]:
    """The goods of that name which can be ordered now."""
    found = (match.goods for match in ports.shelf.search(name) if match.score >= SURE)
    return [goods for goods in found if goods.left and is_called(goods, name, ports)]


def several(words: str, has: Callable[[str], Sequence[Goods]]) -> tuple[str, ...]:
    """The products that have to be asked about; none where one is meant, or the words name nothing that we know.

    has: the goods of a name. Those that are there come first. What her words mean in most places (`mận`) is asked
    about only where it is not there and the other meaning is.
    """
    mention, names = _mention(words), names_of(words)
    if mention is None or len(names) < 2:
        return ()
    there = [name for name in names if has(name)]
    if mention.primary is not None and (mention.primary.name in there or not there):
        return ()
    return tuple([*there, *(name for name in names if name not in there)][:MOST_NAMES])


def either(names: Sequence[str]) -> Say:
    """`sắn hay củ đậu`"""
    return say("%(some)s or %(last)s", some=Listed(tuple(names[:-1])), last=names[-1])


def first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _mention(words: str) -> Mention | None:
    """What the words as a whole are a name of."""
    tokens = read(words).tokens
    mention = mention_at(tokens, 0) if tokens else None
    return mention if mention is not None and mention.last == len(tokens) else None


def _keys(words: str) -> list[str]:
    """The words, lower case, whichever vowel carries the tone."""
    return [tone_key(word) for word in clean(words).lower().split()]
