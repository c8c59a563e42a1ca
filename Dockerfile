# Two stages: what builds is left behind; what runs is Python, the locked packages and the code.
# Images are named by what they contain, not by their tag alone: `make images` renews the digests.
FROM python:3.13-slim@sha256:9662417aace5ae7b8e2609cce472b72a8958e134ba372808abe9cc1a0c0125e6 AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/bot
COPY requirements/run.txt /tmp/run.txt
RUN /opt/bot/bin/python -m pip install --no-deps --require-hashes -r /tmp/run.txt

FROM python:3.13-slim@sha256:9662417aace5ae7b8e2609cce472b72a8958e134ba372808abe9cc1a0c0125e6
ENV PATH=/opt/bot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/var/lib/bot \
    XDG_CACHE_HOME=/var/cache/bot \
    DATABASE_URL=sqlite+aiosqlite:////var/lib/bot/bot.db \
    KNOWLEDGE_DIR=/srv/knowledge \
    LISTEN_HOST=0.0.0.0 \
    LISTEN_PORT=8000
RUN useradd --system --uid 10001 --home-dir /var/lib/bot bot \
    && install -d -m 0700 -o bot -g bot /var/lib/bot /var/cache/bot /srv/knowledge
COPY --from=build /opt/bot /opt/bot
WORKDIR /opt/app
COPY bot ./bot
COPY handlers ./handlers
COPY knowledge ./knowledge
COPY storage ./storage
COPY website ./website
# A volume that is empty takes these files: facilitators edit the copy, updates never overwrite it.
COPY --chown=bot:bot knowledge/*.yaml /srv/knowledge/
USER bot
VOLUME ["/var/lib/bot", "/var/cache/bot", "/srv/knowledge"]
EXPOSE 8000
# Stopping lets what is under way end; Docker's own ten seconds would do, but a slow Telegram.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + (os.environ.get('LISTEN_PORT') or '8000') + '/healthz', timeout=4)"]
CMD ["python", "-m", "bot", "serve"]
