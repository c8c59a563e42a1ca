"""The census, browsed: lists, filters, search, cards."""
