"""What a person can do in Telegram: one module a feature."""
