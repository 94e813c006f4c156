"""Stamps have a life of their own, are granted, drawn and printed on sheets; lots and goods say what a passport asks.

Stamps that are there already were bound to their lot when they were made: they count as activated.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _ledger()
    _rights_and_sheets()
    _stamps()
    _what_a_passport_asks()


def _ledger() -> None:
    op.create_table(
        "stamp_account",
        sa.Column("id", ID, nullable=False),
        sa.Column("holder", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("lot_id", ID, nullable=True),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("balance >= 0 OR kind = 'issuer'", name=op.f("ck_stamp_account_none_owed")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_stamp_account_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_stamp_account_lot_id_lot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stamp_account")),
        sa.UniqueConstraint("holder", name=op.f("uq_stamp_account_holder")),
    )
    op.create_index(op.f("ix_stamp_account_organisation_id"), "stamp_account", ["organisation_id"])
    op.create_table(
        "stamp_move",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("moved_at", MOMENT, nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("ck_stamp_move_some")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["stamp_account.id"], name=op.f("fk_stamp_move_source_id_stamp_account")
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["stamp_account.id"], name=op.f("fk_stamp_move_target_id_stamp_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stamp_move")),
    )
    op.create_index(op.f("ix_stamp_move_source_id"), "stamp_move", ["source_id"])
    op.create_index(op.f("ix_stamp_move_target_id"), "stamp_move", ["target_id"])


def _rights_and_sheets() -> None:
    op.create_table(
        "print_right",
        sa.Column("id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("product_id", ID, nullable=True),
        sa.Column("lot_id", ID, nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", sa.String(), nullable=False),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.CheckConstraint("used <= number", name=op.f("ck_print_right_not_too_many")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_print_right_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_print_right_person_id_person")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_print_right_product_id_product")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_print_right_lot_id_lot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_right")),
    )
    op.create_index(op.f("ix_print_right_person_id"), "print_right", ["person_id"])
    op.create_table(
        "stamp_sheet",
        sa.Column("id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("product_id", ID, nullable=False),
        sa.Column("lot_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("geometry", sa.String(length=200), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("damp", sa.Boolean(), nullable=False),
        sa.Column("right_id", ID, nullable=True),
        sa.Column("draft_key", sa.String(length=80), nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("token_index", sa.String(length=64), nullable=True),
        sa.Column("token_until", MOMENT, nullable=True),
        sa.Column("spoilt_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_stamp_sheet_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_stamp_sheet_product_id_product")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_stamp_sheet_lot_id_lot")),
        sa.ForeignKeyConstraint(["right_id"], ["print_right.id"], name=op.f("fk_stamp_sheet_right_id_print_right")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stamp_sheet")),
        sa.UniqueConstraint("draft_key", name=op.f("uq_stamp_sheet_draft_key")),
        sa.UniqueConstraint("token_index", name=op.f("uq_stamp_sheet_token_index")),
    )
    op.create_index(op.f("ix_stamp_sheet_organisation_id"), "stamp_sheet", ["organisation_id"])
    op.create_index(op.f("ix_stamp_sheet_lot_id"), "stamp_sheet", ["lot_id"])
    op.create_table(
        "scan_limit",
        sa.Column("id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sign", sa.String(length=20), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_scan_limit_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_limit")),
        sa.UniqueConstraint("organisation_id", "kind", "sign", name=op.f("uq_scan_limit_organisation_id_kind_sign")),
    )


def _stamps() -> None:
    with op.batch_alter_table("trace_code") as stamps:
        stamps.alter_column("lot_id", existing_type=ID, nullable=True)
        stamps.add_column(sa.Column("sheet_id", ID, nullable=True))
        stamps.add_column(sa.Column("activated_at", MOMENT, nullable=True))
        stamps.add_column(sa.Column("sold_at", MOMENT, nullable=True))
        stamps.add_column(sa.Column("used_at", MOMENT, nullable=True))
        stamps.add_column(sa.Column("alarmed_at", MOMENT, nullable=True))
        stamps.add_column(sa.Column("pin", sa.LargeBinary(), nullable=True))
        stamps.add_column(sa.Column("pin_tries", sa.Integer(), nullable=False, server_default="0"))
        stamps.add_column(sa.Column("pin_right_at", MOMENT, nullable=True))
        stamps.create_foreign_key(op.f("fk_trace_code_sheet_id_stamp_sheet"), "stamp_sheet", ["sheet_id"], ["id"])
    op.create_index(op.f("ix_trace_code_sheet_id"), "trace_code", ["sheet_id"])
    op.drop_index(op.f("ix_trace_code_lot_id"), table_name="trace_code")
    op.create_index(op.f("ix_trace_code_lot_id_trace_code_kind"), "trace_code", ["lot_id", "kind"])
    op.execute("UPDATE trace_code SET activated_at = created_at")


def _what_a_passport_asks() -> None:
    for column in ("brand", "warnings", "storage", "ocop_number"):
        op.add_column("product", sa.Column(column, sa.String(), nullable=False, server_default=""))
    op.add_column("product", sa.Column("declared", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("product_certificate", sa.Column("number", sa.String(), nullable=False, server_default=""))
    op.add_column("product_certificate", sa.Column("issuer", sa.String(), nullable=False, server_default=""))
    op.add_column("organisation", sa.Column("sales_policy", sa.String(), nullable=False, server_default=""))
    op.add_column("lot", sa.Column("plot", sa.String(), nullable=False, server_default=""))
    op.add_column("lot", sa.Column("latitude", sa.Float(), nullable=True))
    op.add_column("lot", sa.Column("longitude", sa.Float(), nullable=True))
    op.add_column("lot", sa.Column("activated_at", MOMENT, nullable=True))
    op.execute("UPDATE lot SET activated_at = created_at WHERE state <> 'draft'")
    op.add_column("lot_event", sa.Column("wait_days", sa.Integer(), nullable=True))
    op.add_column("lot_event", sa.Column("draft_key", sa.String(length=80), nullable=True))
    op.add_column("lot_event", sa.Column("dates_lot", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("lot_event", sa.Column("struck_at", MOMENT, nullable=True))
    op.create_index(op.f("ix_lot_event_draft_key"), "lot_event", ["draft_key"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_lot_event_draft_key"), table_name="lot_event")
    for table, columns in {
        "lot_event": ("struck_at", "dates_lot", "draft_key", "wait_days"),
        "lot": ("activated_at", "longitude", "latitude", "plot"),
        "organisation": ("sales_policy",),
        "product_certificate": ("issuer", "number"),
        "product": ("declared", "ocop_number", "storage", "warnings", "brand"),
    }.items():
        for column in columns:
            op.drop_column(table, column)
    op.execute("DELETE FROM trace_code WHERE lot_id IS NULL")
    op.drop_index(op.f("ix_trace_code_lot_id_trace_code_kind"), table_name="trace_code")
    op.drop_index(op.f("ix_trace_code_sheet_id"), table_name="trace_code")
    with op.batch_alter_table("trace_code") as stamps:
        stamps.drop_constraint(op.f("fk_trace_code_sheet_id_stamp_sheet"), type_="foreignkey")
        for column in (
            "pin_right_at", "pin_tries", "pin", "alarmed_at", "used_at", "sold_at", "activated_at", "sheet_id"
        ):  # fmt: skip
            stamps.drop_column(column)
        stamps.alter_column("lot_id", existing_type=ID, nullable=False)
    op.create_index(op.f("ix_trace_code_lot_id"), "trace_code", ["lot_id"])
    for table in ("scan_limit", "stamp_sheet", "print_right", "stamp_move", "stamp_account"):
        op.drop_table(table)
