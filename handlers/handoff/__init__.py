"""Handoff: questions handed over to facilitators, and messages relayed both ways."""
