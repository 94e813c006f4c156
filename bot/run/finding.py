"""Who and what a command line means: a lot by its number, a product by its SKU, a person by her code or name."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.run.trouble import Trouble
from catalog.lot import Lot
from catalog.organisation import Organisation, OrganisationKind, organisation_by_code
from catalog.person import Person, Role, full_name, producer_by_code
from catalog.product import Product
from catalog.stamp import TraceCode


def coop_named(db: Session, code: str | None) -> Organisation:
    """None: the first co-op. Raises Trouble."""
    if code is not None:
        found = organisation_by_code(db, code)
        if found is None or found.seller_id != found.id:
            raise Trouble(f"there is no co-op {code}")
        return found
    coops = select(Organisation).where(Organisation.kind == OrganisationKind.COOP).order_by(Organisation.id).limit(1)
    first = db.scalar(coops)
    if first is None:
        raise Trouble("there is no co-op yet: chophien seed loads the demo")
    return first


def lot_named(db: Session, number: str, coop: str | None) -> tuple[Lot, Product, Organisation]:
    """By its number, or by the 12 digits of a stamp of it; with product and seller of record. Raises Trouble."""
    digits = "".join(number.split())
    wanted = (
        select(Lot, Product, Organisation)
        .join(Product, Product.id == Lot.product_id)
        .join(Organisation, Organisation.id == Product.organisation_id)
        .order_by(Lot.id)
    )
    if len(digits) == 12 and digits.isascii() and digits.isdigit():
        wanted = wanted.join(TraceCode, TraceCode.lot_id == Lot.id).where(TraceCode.code == digits)
    else:
        wanted = wanted.where(Lot.number == number)
    if coop is not None:
        wanted = wanted.where(Organisation.code == coop)
    found = db.execute(wanted).all()
    if not found:
        raise Trouble(f"there is no lot {number}: chophien lots list names them")
    if len(found) > 1:
        raise Trouble(f"{len(found)} lots are called {number}: name one of its stamps instead, or add --coop")
    return found[0][0], found[0][1], found[0][2]


def product_named(db: Session, sku: str, coop: Organisation) -> Product:
    """Raises Trouble."""
    mine = select(Product).where(Product.organisation_id == coop.id, Product.sku == sku)
    found = db.scalar(mine)
    if found is None:
        raise Trouble(f"{coop.short_name} sells nothing with the SKU {sku}")
    return found


def person_named(db: Session, named: str, coop: Organisation) -> Person:
    """A producer by her code (NSX-017), or a colleague of the co-op by her whole name. Raises Trouble."""
    producer = producer_by_code(db, named)
    if producer is not None:
        return producer
    works_there = select(Person).join(Role, Role.person_id == Person.id).where(Role.organisation_id == coop.id)
    people = [person for person in db.scalars(works_there.distinct()) if full_name(db, person) == named]
    if len(people) != 1:
        raise Trouble(f"{len(people) or 'nobody'} at {coop.short_name} is called {named}")
    return people[0]
