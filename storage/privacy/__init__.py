"""Personal data: retention, export and erasure, over every table."""
