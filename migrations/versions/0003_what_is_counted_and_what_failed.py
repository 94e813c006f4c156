"""What is counted and what failed: figures of all processes, scans by the day, and failures found without a search."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GIVEN_UP = sa.text("error IS NOT NULL")
DEAD = sa.text("dead_at IS NOT NULL AND held_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "figure",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("labels", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", name=op.f("pk_figure")),
    )
    op.create_table(
        "scan_count",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "code", "channel", name=op.f("pk_scan_count")),
    )
    op.create_index("ix_inbox_error", "inbox", ["id"], unique=False, sqlite_where=GIVEN_UP, postgresql_where=GIVEN_UP)
    op.create_index(
        "ix_outbox_dead", "outbox", ["account_id", "reason"], unique=False, sqlite_where=DEAD, postgresql_where=DEAD
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_dead", table_name="outbox", sqlite_where=DEAD, postgresql_where=DEAD)
    op.drop_index("ix_inbox_error", table_name="inbox", sqlite_where=GIVEN_UP, postgresql_where=GIVEN_UP)
    op.drop_table("scan_count")
    op.drop_table("figure")
