"""What the bot remembers: schema, migrations, one repository a subject. No Telegram."""
