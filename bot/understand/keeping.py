"""What only those want who keep lots, producers and staff: to print stamps, to write the diary, to see what lacks."""

from datetime import date

from bot.understand.clauses import Find
from bot.understand.codes import find_trace_code
from bot.understand.diary import asks_to_write, asks_what_lacks, read_diary
from bot.understand.printing import read_printing
from bot.understand.said import LIKELY, Intent, Said

FIELD_WORK = frozenset({"fertilise", "spray", "stop_spray", "water", "weed", "prune", "sow", "inspect"})
"""None of these puts anything on sale, whatever amount is named beside it."""


def wish_of_keeper(text: str, today: date, find: Find | None = None) -> Intent | None:
    """None where it is none of these wishes: then it is read as everybody's words are."""
    if find_trace_code(text):
        return None
    if read_printing(text) is not None:
        return Intent("print_stamps", {}, LIKELY)
    if asks_what_lacks(text):
        return Intent("passport", {}, LIKELY)
    told = read_diary(text, today)
    if not (told.works and told.told_of):
        return Intent("diary", {}, LIKELY) if asks_to_write(text) else None
    said = Said(text, find)
    if said.priced or said.has("asks_price", "complains"):
        return None
    in_the_field = all(work.kind in FIELD_WORK for work in told.works)
    sells = said.measured or said.has("posts") or (told.on is not None and told.on > today)
    return Intent("diary", {}, LIKELY) if in_the_field or not sells else None
