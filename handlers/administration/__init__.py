"""What administrators do with requests in their group: cards, lists, moves, figures."""
