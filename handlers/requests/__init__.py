"""Requests of firms: interest in a project, proposals, and their follow-up on both sides."""
