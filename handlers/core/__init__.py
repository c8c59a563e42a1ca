"""What every feature stands on: the turn, authority, buttons, limits of pace. Knows no feature."""
