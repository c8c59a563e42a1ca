"""What is promised on personal data: durations, export, erasure. Walks every table."""
