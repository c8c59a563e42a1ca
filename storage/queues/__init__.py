"""Queues: the inbox of updates, the outbox of calls to Telegram, and the pauses between sends."""
