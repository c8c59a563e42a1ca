"""From a ranking to a decision: answer, choices or none."""
