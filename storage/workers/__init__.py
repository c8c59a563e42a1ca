"""What several processes share: which of them are alive, and recurring tasks run only once."""
