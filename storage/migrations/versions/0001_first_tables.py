"""The first tables: people, inbox, outbox, forms, interests, questions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_people()
    create_inbox()
    create_outbox()
    create_chat_moves()
    create_drafts()
    create_counters()
    create_interests()
    create_interest_events()
    create_questions()


def downgrade() -> None:
    for table in (
        "questions",
        "interest_events",
        "interests",
        "counters",
        "drafts",
        "chat_moves",
        "outbox",
        "inbox",
        "people",
    ):
        op.drop_table(table)


def create_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", Id, nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("last_seen_at", Time, nullable=False),
        sa.Column("blocked_at", Time),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("telegram_id", name="uq_people_telegram_id"),
        sqlite_autoincrement=True,
    )


def create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("update_id", Id, autoincrement=False, nullable=False),
        sa.Column("chat_id", sa.BigInteger()),
        sa.Column("body", sa.Text()),
        sa.Column("received_at", Time, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", Time),
        sa.Column("reference", sa.String(64)),
        sa.Column("done_at", Time),
        sa.PrimaryKeyConstraint("update_id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_state_chat_id_update_id", "inbox", ["state", "chat_id", "update_id"])


def create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", Id, nullable=False),
        sa.Column("lane", sa.String(48), nullable=False),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("chat_id", sa.BigInteger()),
        sa.Column("method", sa.String(64), nullable=False),
        sa.Column("payload", sa.JSON()),
        sa.Column("attachment", sa.LargeBinary()),
        sa.Column("filename", sa.String(255)),
        sa.Column("about", sa.String(64)),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("not_before", Time),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("parked_at", Time),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("sent_chat_id", sa.BigInteger()),
        sa.Column("sent_at", Time),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_about", "outbox", ["about"])
    op.create_index("ix_outbox_state_lane_id", "outbox", ["state", "lane", "id"])


def create_chat_moves() -> None:
    op.create_table(
        "chat_moves",
        sa.Column("old_chat_id", Id, autoincrement=False, nullable=False),
        sa.Column("new_chat_id", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("old_chat_id", name="pk_chat_moves"),
    )


def create_drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("person_id", Id, autoincrement=False, nullable=False),
        sa.Column("form", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("editing", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("updated_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_drafts"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_drafts_person_id_people", ondelete="CASCADE"
        ),
    )


def create_counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )


def create_interests() -> None:
    op.create_table(
        "interests",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("person_id", Id),
        sa.Column("project_id", sa.String(128)),
        sa.Column("project_title", sa.Text(), nullable=False),
        sa.Column("project_lead", sa.Text()),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=False),
        sa.Column("contact_kind", sa.String(16), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("role", sa.String(16)),
        sa.Column("message", sa.Text()),
        sa.Column("siret", sa.String(14)),
        sa.Column("consent_at", Time, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("updated_at", Time, nullable=False),
        sa.Column("closed_at", Time),
        sa.PrimaryKeyConstraint("id", name="pk_interests"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_interests_person_id_people", ondelete="SET NULL"
        ),
        sa.UniqueConstraint("number", name="uq_interests_number"),
        sa.UniqueConstraint("person_id", "project_id", name="uq_interests_person_id_project_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_interests_status", "interests", ["status"])


def create_interest_events() -> None:
    op.create_table(
        "interest_events",
        sa.Column("id", Id, nullable=False),
        sa.Column("interest_id", Id, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("actor_id", sa.BigInteger()),
        sa.Column("actor_name", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_interest_events"),
        sa.ForeignKeyConstraint(
            ["interest_id"],
            ["interests.id"],
            name="fk_interest_events_interest_id_interests",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_interest_events_interest_id", "interest_events", ["interest_id"])
    op.create_index("ix_interest_events_actor_id", "interest_events", ["actor_id"])


def create_questions() -> None:
    op.create_table(
        "questions",
        sa.Column("id", Id, nullable=False),
        sa.Column("update_id", sa.BigInteger()),
        sa.Column("person_id", Id),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("chosen", sa.String(128)),
        sa.Column("chosen_at", Time),
        sa.Column("helpful", sa.Boolean()),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_questions_person_id_people", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("update_id", name="uq_questions_update_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_questions_person_id", "questions", ["person_id"])
    op.create_index("ix_questions_asked_at", "questions", ["asked_at"])
