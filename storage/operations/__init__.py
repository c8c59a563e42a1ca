"""What operators do to a database: back up, restore, copy, inspect."""
