"""Web pages for who does not live on Telegram, rendered without script."""
