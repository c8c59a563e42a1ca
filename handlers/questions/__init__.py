"""Questions and their answers, and the list of themes."""
