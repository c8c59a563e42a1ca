"""A Telegram for one machine: the Bot API subset that the bot uses, and a chat page."""
