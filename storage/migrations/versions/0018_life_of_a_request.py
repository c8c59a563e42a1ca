"""Store the life of a request: who has it in charge, what came of it, what is due when."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_TIMES = ("taken_at", "introduced_at", "touched_at", "helped_at", "relaunched_at")
_WORDS = ("outcome", "reason", "helped")
# What came before an event of the same request.
_FORMER = (
    "(SELECT former.status FROM interest_events AS former WHERE former.interest_id ="
    " interest_events.interest_id AND former.id < interest_events.id ORDER BY former.id DESC"
    " LIMIT 1)"
)
_KINDS = {
    "taken": "take",
    "introduced": "introduce",
    "closed": "close",
    "refused": "refuse",
    "withdrawn": "withdraw",
}


def upgrade() -> None:
    op.add_column("interests", sa.Column("owner_id", sa.BigInteger()))
    op.add_column("interests", sa.Column("owner_name", sa.Text()))
    for name in _TIMES:
        op.add_column("interests", sa.Column(name, sa.DateTime(timezone=True)))
    for name in _WORDS:
        op.add_column("interests", sa.Column(name, sa.String(16)))
    op.create_index("ix_interests_owner_id", "interests", ["owner_id"])
    op.add_column("outbox", sa.Column("address", sa.Text()))
    op.create_table(
        "deadlines",
        sa.Column("id", Id, primary_key=True),
        sa.Column(
            "interest_id",
            Id,
            sa.ForeignKey(
                "interests.id",
                name="fk_deadlines_interest_id_interests",
                ondelete="CASCADE",
            ),
            nullable=False,
        ),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("interest_id", "kind", name="uq_deadlines_interest_id_kind"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deadlines_due_at", "deadlines", ["due_at"])
    op.add_column(
        "interest_events",
        sa.Column("kind", sa.String(16), nullable=False, server_default="declare"),
    )
    op.add_column(
        "interest_events",
        sa.Column("side", sa.String(16), nullable=False, server_default="firm"),
    )
    _name_events()
    _name_owners()


def _name_events() -> None:
    renamed = "UPDATE interest_events SET kind = '{}' WHERE status = '{}'"
    for status, kind in _KINDS.items():
        op.execute(renamed.format(kind, status))
    received = "UPDATE interest_events SET kind = '{}' WHERE status = 'received' AND {} = '{}'"
    op.execute(received.format("return", _FORMER, "taken"))
    op.execute(received.format("declare_again", _FORMER, "withdrawn"))
    op.execute(
        "UPDATE interest_events SET kind = 'changed'"
        " WHERE changes IS NOT NULL AND CAST(changes AS TEXT) NOT IN ('[]', 'null')"
    )
    op.execute(
        "UPDATE interest_events SET side = 'administrator'"
        " WHERE kind IN ('take', 'introduce', 'close', 'refuse', 'return')"
    )


def _name_owners() -> None:
    latest = (
        "(SELECT event.{} FROM interest_events AS event WHERE event.interest_id = interests.id"
        " AND event.kind = '{}' ORDER BY event.id DESC LIMIT 1)"
    )
    names = {"owner_id": "actor_id", "owner_name": "actor_name", "taken_at": "at"}
    # These alone come after a taking that still counts, whatever else happened before it.
    set_owners = "UPDATE interests SET {} WHERE status IN ('taken', 'introduced', 'closed')"
    values = [f"{name} = {latest.format(source, 'take')}" for name, source in names.items()]
    values.append(f"introduced_at = {latest.format('at', 'introduce')}")
    op.execute(set_owners.format(", ".join(values)))
    # Put in touch, given back and taken again: that contact is history.
    op.execute(
        "UPDATE interests SET introduced_at = NULL WHERE status = 'taken'"
        " OR introduced_at < taken_at"
    )
    op.execute("UPDATE interests SET touched_at = COALESCE(introduced_at, taken_at)")


def downgrade() -> None:
    op.drop_column("interest_events", "side")
    op.drop_column("interest_events", "kind")
    op.drop_table("deadlines")
    op.drop_column("outbox", "address")
    op.drop_index("ix_interests_owner_id", "interests")
    for name in (*_WORDS, *_TIMES, "owner_name", "owner_id"):
        op.drop_column("interests", name)
