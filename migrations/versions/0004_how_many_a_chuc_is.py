"""How many pieces a chục is at a co-op: ten, but twelve or fourteen in some provinces."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organisation", sa.Column("ten", sa.Integer(), nullable=False, server_default="10"))


def downgrade() -> None:
    op.drop_column("organisation", "ten")
