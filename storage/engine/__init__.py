"""The database itself: engines, schema, upgrades, faults told apart. Knows no subject."""
