"""Measures how answers with few phrasings are found, and fits the weights of what finds them."""
