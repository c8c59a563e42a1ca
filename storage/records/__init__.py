"""What is remembered of people and their requests, one repository a subject."""
