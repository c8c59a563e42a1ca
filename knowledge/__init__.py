"""What the bot knows: questions, projects, matching. Pure: no Telegram, no database."""
