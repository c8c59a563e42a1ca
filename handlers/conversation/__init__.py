"""A text typed by a person, and what becomes of it: the readings are tried in turn."""
