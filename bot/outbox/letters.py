"""An e-mail of the outbox as it is sent."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as LINES_OF_SMTP
from email.utils import format_datetime

from bot.runtime.smtp import Letterhead
from storage.queues.outbox import Pending


def written(item: Pending, head: Letterhead, now: datetime) -> EmailMessage:
    """Return the e-mail of a row of the outbox; ValueError where a header cannot be written.

    Its Message-ID is the same at each attempt: mail programs show once what arrives twice.
    """
    message = EmailMessage(LINES_OF_SMTP)
    message["From"] = Address(head.name, addr_spec=head.address)
    message["To"] = Address(addr_spec=item.address or "")
    message["Subject"] = item.payload["subject"]
    message["Date"] = format_datetime(now)
    # The moment of the row is part of it: numbers begin anew in another database.
    since = int(item.created_at.timestamp())
    message["Message-ID"] = f"<outbox-{item.id}.{since}@{head.domain}>"
    # RFC 3834: no holiday message is to answer this.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(item.payload["text"], cte="quoted-printable")
    return message
