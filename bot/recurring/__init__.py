"""What runs by the clock and writes to people: reminders of requests, news of projects."""
