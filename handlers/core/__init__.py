"""What every feature uses: turn, authority, buttons, rate limit. It imports no feature."""
