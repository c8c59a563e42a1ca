"""How messages go out: rows of the outbox become calls to the Bot API, within its rate limits."""
