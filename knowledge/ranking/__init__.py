"""From a question to entries in order: examples, encoder, similarity, ridge, kept models."""
