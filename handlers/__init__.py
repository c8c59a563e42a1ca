"""What people can do in Telegram: one package for each feature."""
