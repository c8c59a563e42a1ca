"""Masks personal data in texts."""
