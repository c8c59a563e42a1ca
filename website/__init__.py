"""The public pages: what the bot knows, for who has no Telegram, as files for any host.

All is made of one `Knowledge`, a day and `Facts` (who publishes, where): no database, no Telegram,
no script. ``site`` is the whole; ``bot/pages/public.py`` serves it from memory, and ``python -m bot
site`` writes it into a folder. Links are relative, so that the folder works wherever it stands,
also opened from a disk.

To add a page that tells what the files say:

1. its address in ``addresses``, and its kind in ``pages.Kind``;
2. a `Page` (``path``, ``kind``, ``template``, and ``values``, a function that is called when it is
   first read) among those that ``plain_pages.pages`` gives, or its neighbours;
3. its template in ``templates/``, which extends ``layout.html``: the blocks ``title`` and
   ``content``, one ``h1``; links by ``to(address)``, words by ``say(name)``;
4. its words in ``words.yaml``, and in English in ``en/words.yaml``.

``tests/test_website.py`` walks it by itself, and ``tests/test_website_in_browser.py`` looks at one
page of each kind.

To add a page that does something (a form): it needs storage, so it stands in ``bot/pages/``, beside
those of a request, and its route goes before the public ones in ``bot/pages/app.py``.
`rendering.templates` gives this layout to a folder of templates of its own, and
`rendering.written` takes them (``among``); the kind is ``Kind.FORM``. ``facts.forms`` is the
address of the forms' root, for links that lead to them: None where there is no server behind.
"""
