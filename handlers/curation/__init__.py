"""Facilitators change the knowledge files: gaps, trials, checks, publication, history."""
