"""Messages that a platform has approved beforehand: the only ones that may go when somebody wrote too long ago."""

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId

APPROVED = "APPROVED"
LONGEST_STATUS = 20


class Template(Base):
    """One of ours at one account.

    purpose: "order_new", "order_cancelled". external_id: its name (Messenger) or number (ZBS) there. parameters: the
    names of what is filled in, in order, separated by commas. status: the platform's own word, in capitals.
    """

    __tablename__ = "template"
    __table_args__ = (UniqueConstraint("account_id", "purpose"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    purpose: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(8), default="vi")
    parameters: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(String(LONGEST_STATUS))


def template_for(db: Session, account_id: int, purpose: str) -> Template | None:
    """The approved one; None where there is none."""
    return db.scalar(
        select(Template).where(
            Template.account_id == account_id, Template.purpose == purpose, Template.status == APPROVED
        )
    )


def templates_of(db: Session, account_id: int) -> list[Template]:
    return list(db.scalars(select(Template).where(Template.account_id == account_id).order_by(Template.purpose)))


def keep_template(
    db: Session, account_id: int, purpose: str, external_id: str, *, parameters: str, status: str, language: str = "vi"
) -> None:
    """New, or in place of what was known under this purpose."""
    kept = db.scalar(select(Template).where(Template.account_id == account_id, Template.purpose == purpose))
    if kept is None:
        kept = Template(account_id=account_id, purpose=purpose)
        db.add(kept)
    kept.external_id, kept.parameters, kept.language = external_id, parameters, language
    kept.status = status.upper()[:LONGEST_STATUS]
    db.flush()


def set_status(db: Session, account_id: int, external_id: str, status: str) -> None:
    """What the platform says of it now; nothing happens for one that we do not know."""
    for template in db.scalars(
        select(Template).where(Template.account_id == account_id, Template.external_id == external_id)
    ):
        template.status = status.upper()[:LONGEST_STATUS]
