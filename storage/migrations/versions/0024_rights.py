"""Store wordings of consent, keys in use, digests of contacts, and what retention erased."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "consent_wordings",
        sa.Column("id", Id, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("digest", name="uq_consent_wordings_digest"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "data_keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("sample", sa.String(255), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "retention_register",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("what", sa.String(32), primary_key=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
    )
    op.add_column("interests", sa.Column("consent_version", sa.BigInteger()))
    op.add_column("interests", sa.Column("contact_digest", sa.String(64)))
    op.create_index("ix_interests_contact_digest", "interests", ["contact_digest"])
    # What is encrypted is longer than the fourteen digits.
    _retype_siret(sa.Text())


def _retype_siret(kind: sa.Text | sa.String) -> None:
    # SQLite cannot change the type of a column in place.
    op.add_column("interests", sa.Column("siret_again", kind))
    op.execute("UPDATE interests SET siret_again = siret")
    op.drop_column("interests", "siret")
    op.alter_column("interests", "siret_again", new_column_name="siret")


def downgrade() -> None:
    _retype_siret(sa.String(14))
    op.drop_index("ix_interests_contact_digest", "interests")
    op.drop_column("interests", "contact_digest")
    op.drop_column("interests", "consent_version")
    op.drop_table("retention_register")
    op.drop_table("data_keys")
    op.drop_table("consent_wordings")
