"""What several processes agree on: who lives, who leads, what is due once for all."""
