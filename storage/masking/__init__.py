"""Personal data taken out of a text."""
