"""What the bot remembers: schema, migrations, one repository per subject. No Telegram."""
