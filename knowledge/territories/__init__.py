"""Which commune is in which Territoire d'industrie: the official list, and towns in messages."""
