"""The database itself: engines, schema, upgrades, faults. Knows nothing of what rows mean."""
