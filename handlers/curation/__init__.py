"""Facilitators change the files: what had no answer, trials, check, publication, history."""
