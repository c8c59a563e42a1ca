"""What several processes agree on: who lives, and what is due once for all."""
