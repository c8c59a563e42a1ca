"""Turns the ranking of a question into a decision: answer, choices, act or none."""
