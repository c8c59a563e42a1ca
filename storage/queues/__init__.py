"""What waits to be handled or sent: inbox, outbox, and the pauses between sends."""
