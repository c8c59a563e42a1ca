"""Web pages for who does not live on Telegram, rendered without script.

Each page is a template in ``templates/``, its words are in ``words.yaml``, and its route stands in
``app``. Whoever opens a link changes nothing: only a form that was confirmed does.
"""
