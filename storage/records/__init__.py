"""People and their requests, one repository per subject."""
