"""What a co-op sells, as customers see it: names, unit, price, certificates."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId
from catalog.search import Entry


class Product(Base):
    __tablename__ = "product"
    __table_args__ = (UniqueConstraint("organisation_id", "sku"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)  # the seller of record
    sku: Mapped[str] = mapped_column(String(40))
    name_vi: Mapped[str]  # Mật ong rừng 500 ml
    name_en: Mapped[str]
    label_vi: Mapped[str]  # Mật ong rừng: the name without pack and grade
    label_en: Mapped[str]
    short_vi: Mapped[str]  # mật: inside a sentence
    short_en: Mapped[str]
    aliases: Mapped[list[str]] = mapped_column(JSON, default=list)  # other words that people use
    emoji: Mapped[str] = mapped_column(String(8), default="")
    category: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)  # the co-op's own order

    unit_vi: Mapped[str]  # chục
    unit_en: Mapped[str]
    pieces: Mapped[int] = mapped_column(default=1)  # single things in one unit: 10 for chục
    step: Mapped[Decimal] = mapped_column(default=Decimal(1))  # smallest amount and its multiples, in `unit`
    pack: Mapped[str] = mapped_column(default="")  # túi lưới 5 kg
    weight_g: Mapped[int] = mapped_column(default=0)  # of one unit

    price_vnd: Mapped[int] = mapped_column(BigInteger)  # shown to customers, per unit
    markup_vnd: Mapped[int] = mapped_column(BigInteger, default=0)  # the co-op's part of it

    ocop_stars: Mapped[int | None]
    ocop_number: Mapped[str] = mapped_column(default="")  # of the decision
    ocop_valid_until: Mapped[date | None]
    brand: Mapped[str] = mapped_column(default="")
    warnings: Mapped[str] = mapped_column(default="")  # Trẻ dưới 1 tuổi không dùng mật ong
    storage: Mapped[str] = mapped_column(default="")  # how to keep and use it
    declared: Mapped[list[str]] = mapped_column(JSON, default=list)  # what the co-op says of it and nobody certified
    season: Mapped[str] = mapped_column(String(20), default="")  # "10-02" is October to February; empty: all year
    shelf_life_days: Mapped[int | None]
    fresh: Mapped[bool] = mapped_column(default=False)  # "dùng ngon đến" rather than "hạn dùng"
    harvest_verb: Mapped[str] = mapped_column(default="")  # cắt, quay mật, đóng gói
    story: Mapped[str] = mapped_column(default="")
    image: Mapped[str] = mapped_column(default="")  # path under the public address


class PriceChange(Base):
    """The history of a product's shown price."""

    __tablename__ = "price_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    price_vnd: Mapped[int] = mapped_column(BigInteger)
    markup_vnd: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime]
    who: Mapped[str]  # person:12, system


class ProductCertificate(Base):
    __tablename__ = "product_certificate"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    name: Mapped[str]  # VietGAP
    number: Mapped[str] = mapped_column(default="")
    issuer: Mapped[str] = mapped_column(default="")
    valid_until: Mapped[date]


def products_of(db: Session, seller_ids: Collection[int]) -> list[Product]:
    """The goods of these sellers, in the sellers' own order."""
    mine = select(Product).where(Product.organisation_id.in_(seller_ids))
    return list(db.scalars(mine.order_by(Product.organisation_id, Product.position, Product.id)))


def certificates_of(db: Session, product_id: int, on: date) -> list[ProductCertificate]:
    """Those that are valid on that day."""
    valid = (ProductCertificate.product_id == product_id, ProductCertificate.valid_until >= on)
    return list(db.scalars(select(ProductCertificate).where(*valid).order_by(ProductCertificate.id)))


def set_price(db: Session, product: Product, price_vnd: int, markup_vnd: int, *, who: str, at: datetime) -> None:
    """Show another price from now on and remember it. The price that is shown already changes nothing."""
    if (product.price_vnd, product.markup_vnd) == (price_vnd, markup_vnd):
        return
    product.price_vnd, product.markup_vnd = price_vnd, markup_vnd
    db.add(PriceChange(product_id=product.id, price_vnd=price_vnd, markup_vnd=markup_vnd, changed_at=at, who=who))


def search_entry(product: Product) -> Entry:
    """What `catalog.search` compares people's words with."""
    words = (product.name_vi, product.short_vi, product.name_en, product.label_en, product.short_en, *product.aliases)
    return Entry(product.id, product.label_vi, words)
