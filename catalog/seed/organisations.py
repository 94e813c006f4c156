"""Organisations of the demo, and the fees of those that sell."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from catalog import quota
from catalog.delivery import DeliveryFee
from catalog.organisation import Organisation, OrganisationKind
from catalog.seed.records import FeeRecord, OrganisationRecord

GRANTED = 50_000
"""Stamps, to each co-op of the demo."""


def add_alliance(db: Session, record: OrganisationRecord) -> Organisation:
    alliance = Organisation(**msgspec.structs.asdict(record), demo=True)
    db.add(alliance)
    db.flush()
    return alliance


def add_seller(
    db: Session, record: OrganisationRecord, alliance: Organisation, fees: Sequence[FeeRecord], at: datetime
) -> Organisation:
    """A co-op or company that sells in its own name, with its table of delivery fees and stamps from the Alliance."""
    seller = Organisation(**msgspec.structs.asdict(record), parent_id=alliance.id, demo=True)
    db.add(seller)
    db.flush()
    seller.seller_id = seller.id
    for position, fee in enumerate(fees):
        db.add(DeliveryFee(**msgspec.structs.asdict(fee), organisation_id=seller.id, position=position))
    db.flush()
    quota.grant(db, seller, GRANTED, who="seed", at=at)
    return seller


def add_member(db: Session, kind: OrganisationKind, code: str, name: str, seller: Organisation) -> Organisation:
    """A household or group that sells through `seller`."""
    member = Organisation(
        kind=kind,
        code=code,
        name=name,
        short_name=name,
        parent_id=seller.id,
        seller_id=seller.id,
        province=seller.province,
        province_before=seller.province_before,
        demo=True,
    )
    db.add(member)
    db.flush()
    return member
