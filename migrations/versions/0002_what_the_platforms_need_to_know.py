"""What the platforms need to know: windows, who has a thread, uploads, templates, attachments, erasures."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("code", name=op.f("uq_erasure_code")),
        sa.UniqueConstraint("subject", name=op.f("uq_erasure_subject")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("inbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=80), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_attachment_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("inbox_id", "place", name=op.f("uq_attachment_inbox_id_place")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_attachment_conversation_id"), "attachment", ["conversation_id"], unique=False)
    op.create_index(
        "ix_attachment_waiting",
        "attachment",
        ["id"],
        unique=False,
        sqlite_where=sa.text("fetched_at IS NULL AND failed_at IS NULL"),
        postgresql_where=sa.text("fetched_at IS NULL AND failed_at IS NULL"),
    )
    op.create_table(
        "template",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("parameters", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_template_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template")),
        sa.UniqueConstraint("account_id", "purpose", name=op.f("uq_template_account_id_purpose")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_upload_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("account_id", "digest", name=op.f("uq_upload_account_id_digest")),
        sqlite_autoincrement=True,
    )
    op.add_column("account", sa.Column("token_before", sa.LargeBinary(), nullable=True))
    op.add_column("account", sa.Column("refresh_token_before", sa.LargeBinary(), nullable=True))
    op.add_column("account", sa.Column("lease_owner", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("account", sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("account", sa.Column("name", sa.String(), nullable=False, server_default=""))
    op.add_column("account", sa.Column("tended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversation", sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversation", sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversation", sa.Column("taken_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversation", sa.Column("taken_by", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("conversation", sa.Column("left_alone", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("conversation", sa.Column("owed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE conversation SET touched_at = seen_at")
    op.create_index(op.f("ix_conversation_taken_until"), "conversation", ["taken_until"], unique=False)
    op.add_column("outbox", sa.Column("reason", sa.String(length=16), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_outbox_held",
        "outbox",
        ["conversation_id"],
        unique=False,
        sqlite_where=sa.text("held_at IS NOT NULL AND dead_at IS NULL"),
        postgresql_where=sa.text("held_at IS NOT NULL AND dead_at IS NULL"),
    )
    op.add_column("outbox", sa.Column("by_person", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("outbox", sa.Column("notice", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("outbox", sa.Column("again", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("outbox", sa.Column("reclaims", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("outbox", sa.Column("way", sa.String(length=12), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("outbox", "way")
    op.drop_column("outbox", "reclaims")
    op.drop_column("outbox", "again")
    op.drop_column("outbox", "notice")
    op.drop_column("outbox", "by_person")
    op.drop_index(
        "ix_outbox_held",
        table_name="outbox",
        sqlite_where=sa.text("held_at IS NOT NULL AND dead_at IS NULL"),
        postgresql_where=sa.text("held_at IS NOT NULL AND dead_at IS NULL"),
    )
    op.drop_column("outbox", "held_at")
    op.drop_column("outbox", "reason")
    op.drop_index(op.f("ix_conversation_taken_until"), table_name="conversation")
    op.drop_column("conversation", "owed")
    op.drop_column("conversation", "left_alone")
    op.drop_column("conversation", "taken_by")
    op.drop_column("conversation", "taken_until")
    op.drop_column("conversation", "handed_at")
    op.drop_column("conversation", "touched_at")
    op.drop_column("account", "tended_at")
    op.drop_column("account", "name")
    op.drop_column("account", "lease_until")
    op.drop_column("account", "lease_owner")
    op.drop_column("account", "refresh_token_before")
    op.drop_column("account", "token_before")
    op.drop_table("upload")
    op.drop_table("template")
    op.drop_index(
        "ix_attachment_waiting",
        table_name="attachment",
        sqlite_where=sa.text("fetched_at IS NULL AND failed_at IS NULL"),
        postgresql_where=sa.text("fetched_at IS NULL AND failed_at IS NULL"),
    )
    op.drop_index(op.f("ix_attachment_conversation_id"), table_name="attachment")
    op.drop_table("attachment")
    op.drop_table("erasure")
