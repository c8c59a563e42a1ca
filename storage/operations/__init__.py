"""The operator's actions on a database: back up, restore, copy, inspect."""
