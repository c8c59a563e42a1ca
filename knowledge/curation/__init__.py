"""Tools for changing the files: checks, differences, versions, exact edits, regressions."""
