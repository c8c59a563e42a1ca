"""What firms ask for: interest in a project, proposals, the life of a request on both sides."""
