"""A Telegram for one machine: the part of the Bot API that the bot uses, and a chat page."""
