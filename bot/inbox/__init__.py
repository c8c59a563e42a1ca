"""How updates come in: fetched or posted, kept before Telegram is told, handed to the handlers."""
