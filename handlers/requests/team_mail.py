"""E-mails to the administrators who do not live on Telegram.

They name a request by its number, project, firm and wish, and link to its page: no contact is ever
written in an e-mail.
"""

from collections.abc import Iterable, Sequence

from handlers.core.posting import Posting
from handlers.messages import FRENCH, Catalogue, speaking
from storage.records.interests import Interest

TEXT = Catalogue.of("team_mail")


def mail_team(
    posting: Posting, subject: str, text: str, about: Interest | Iterable[Interest] | None
) -> None:
    """Owe each administrator with an address an e-mail, with a link to the page of each request.

    ``subject`` and ``text`` are plain French. Without a mail server, nothing is owed. A text about
    several requests must name them by their numbers: an erasure finds it by these.
    """
    requests = _requests(about)
    note = requests[0].about_note if len(requests) == 1 else None
    for one in posting.services.correspondents:
        whole = _with_links(posting, text, requests, one.address)
        posting.mail(one.address, subject, whole, about=note, to_team=True)


def declared(posting: Posting, interest: Interest) -> None:
    """Tell them of a new request."""
    with speaking(FRENCH):
        subject = TEXT.label("declared_subject", interest=interest)
        text = TEXT.label("declared", interest=interest)
    mail_team(posting, subject, text, interest)


def _requests(about: Interest | Iterable[Interest] | None) -> Sequence[Interest]:
    if about is None:
        return ()
    return (about,) if isinstance(about, Interest) else tuple(about)


def _with_links(posting: Posting, text: str, requests: Sequence[Interest], address: str) -> str:
    links, now = posting.services.page_links, posting.work.now
    pages = [(one, links.to_request(one.id, address, now)) for one in requests if links is not None]
    with speaking(FRENCH):
        return TEXT.label("mail", text=text.strip(), pages=pages)
