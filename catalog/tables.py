"""Every table of the truth in one import, so that foreign keys find each other."""

from catalog import (
    account,
    audit,
    case,
    consent,
    contact,
    counting,
    delivery,
    erasure,
    invitation,
    lot,
    offer,
    order,
    organisation,
    part,
    person,
    product,
    stamp,
    stock,
    template,
)
from catalog.db import Base

METADATA = Base.metadata

__all__ = [
    "METADATA",
    "account",
    "audit",
    "case",
    "consent",
    "contact",
    "counting",
    "delivery",
    "erasure",
    "invitation",
    "lot",
    "offer",
    "order",
    "organisation",
    "part",
    "person",
    "product",
    "stamp",
    "stock",
    "template",
]
