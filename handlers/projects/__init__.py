"""Browsing the census of projects: lists, filters, search, cards."""
