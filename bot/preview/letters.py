"""The e-mails of a preview: kept in memory and shown on a page, instead of being sent."""

import html
import re
from collections import deque
from email.message import EmailMessage

from starlette.requests import Request
from starlette.responses import HTMLResponse

from bot.messages import TEXT

_MOST = 50
_LINK = re.compile(r"https?://[^\s<]+")


class Letters:
    """Takes e-mails as a mail server would, and shows the latest ones."""

    def __init__(self) -> None:
        self.taken: deque[EmailMessage] = deque(maxlen=_MOST)

    async def deliver(self, message: EmailMessage) -> None:
        """Keep an e-mail."""
        self.taken.appendleft(message)

    async def show(self, _request: Request) -> HTMLResponse:
        """Show the e-mails, the latest first."""
        title = html.escape(TEXT.label("preview_letters"))
        letters = "".join(map(_shown, self.taken)) or f"<p>{TEXT.label('preview_no_letters')}</p>"
        head = f'<!doctype html><html lang="fr"><meta charset="utf-8"><title>{title}</title>'
        return HTMLResponse(f"{head}<h1>{title}</h1>{letters}")


def _shown(message: EmailMessage) -> str:
    subject, to = html.escape(str(message["Subject"])), html.escape(str(message["To"]))
    text = _LINK.sub(r'<a href="\g<0>">\g<0></a>', html.escape(str(message.get_content())))
    return f"<h2>{subject}</h2><p>{to}</p><pre>{text}</pre>"
