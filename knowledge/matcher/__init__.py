"""Turns the ranking of a question into a decision: answer, choices, small talk or none."""
