"""How updates come in: by polling or webhook, stored before Telegram is told, then handled."""
