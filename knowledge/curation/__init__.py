"""What helps facilitators change the files: check, diff, versions, exact edits, regressions."""
