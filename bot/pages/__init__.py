"""Web pages for who does not live on Telegram, rendered without script.

The page of a request is a template in ``templates/``, its words are in ``words.yaml``, and its
route stands in ``app``. Whoever opens a link changes nothing: only a form that was confirmed does.
The layout and the style sheet are those of ``website``, whose public pages ``public`` serves.
"""
