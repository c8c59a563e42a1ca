"""A question and its answer, and the list of themes."""
