"""Questions handed over to facilitators, treatment of unanswered ones, recurring tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("questions", sa.Column("treated_at", Time))
    op.add_column("questions", sa.Column("treated_how", sa.String(16)))
    op.add_column("questions", sa.Column("treated_by", sa.BigInteger()))
    op.add_column("questions", sa.Column("publication_id", sa.BigInteger()))
    op.create_index("ix_questions_publication_id", "questions", ["publication_id"])
    create_conversations()
    create_conversation_messages()
    create_signatures()
    create_recurrences()


def downgrade() -> None:
    for table in ("recurrences", "signatures", "conversation_messages", "conversations"):
        op.drop_table(table)
    op.drop_index("ix_questions_publication_id", "questions")
    for column in ("publication_id", "treated_by", "treated_how", "treated_at"):
        op.drop_column("questions", column)


def create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("question_id", Id),
        sa.Column("opened_by", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("opened_at", Time, nullable=False),
        sa.Column("updated_at", Time, nullable=False),
        sa.Column("closed_at", Time),
        sa.Column("closed_by", sa.BigInteger()),
        sa.Column("closed_by_name", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_conversations_person_id_people",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["questions.id"],
            name="fk_conversations_question_id_questions",
            ondelete="SET NULL",
        ),
        sa.UniqueConstraint("number", name="uq_conversations_number"),
        sa.UniqueConstraint("question_id", name="uq_conversations_question_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_conversations_person_id", "conversations", ["person_id"])


def create_conversation_messages() -> None:
    op.create_table(
        "conversation_messages",
        sa.Column("id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("side", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger()),
        sa.Column("signature", sa.Text()),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("edited_at", Time),
        sa.Column("delivered_at", Time),
        sa.Column("stale", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversation_messages"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_conversation_messages_conversation_id_conversations",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "chat_id", "message_id", name="uq_conversation_messages_chat_id_message_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_conversation_messages_conversation_id", "conversation_messages", ["conversation_id"]
    )


def create_signatures() -> None:
    op.create_table(
        "signatures",
        sa.Column("telegram_id", Id, autoincrement=False, nullable=False),
        sa.Column("used_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("telegram_id", name="pk_signatures"),
    )


def create_recurrences() -> None:
    op.create_table(
        "recurrences",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("last_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_recurrences"),
    )
