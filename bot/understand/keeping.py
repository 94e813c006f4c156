"""What only those want who keep lots, producers and staff: to print stamps, to write the diary, to see what lacks."""

from datetime import date

from bot.understand.clauses import Find
from bot.understand.codes import find_order_code, find_trace_code
from bot.understand.diary import asks_to_read, asks_to_write, asks_what_lacks, offers, read_diary
from bot.understand.people import find_phone
from bot.understand.printing import asks_for_sheet_again, read_printing
from bot.understand.said import LIKELY, Intent, Said

FIELD_WORK = frozenset({"fertilise", "spray", "stop_spray", "water", "weed", "prune", "sow", "inspect"})
"""None of these puts anything on sale, whatever amount is named beside it."""


def wish_of_keeper(text: str, today: date, find: Find | None = None) -> Intent | None:
    """None where it is none of these wishes: then it is read as everybody's words are."""
    if find_trace_code(text):
        return None
    if asks_for_sheet_again(text):
        return Intent("stamps_again", {}, LIKELY)
    if read_printing(text) is not None:
        return Intent("print_stamps", {}, LIKELY)
    if asks_what_lacks(text):
        return Intent("passport", {}, LIKELY)
    if asks_to_read(text):
        return Intent("lot_diary", {}, LIKELY)
    if names_a_customer(text) or offers(text):
        return None
    told = read_diary(text, today)
    if not (told.works and told.told_of):
        return Intent("diary", {}, LIKELY) if asks_to_write(text) else None
    said = Said(text, find)
    in_the_field = all(work.kind in FIELD_WORK for work in told.works)
    if said.priced or said.has("asks_price") or (said.has("complains") and not in_the_field):
        return None
    sells = said.measured or said.has("posts") or (told.on is not None and told.on > today)
    return Intent("diary", {}, LIKELY) if in_the_field or not sells else None


def names_a_customer(text: str) -> bool:
    """Whether a phone number or an order stands there: nothing for a diary, which everybody reads who scans."""
    return find_order_code(text) is not None or find_phone(text) is not None
