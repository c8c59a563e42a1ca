"""Compares our matcher with its peers on the same knowledge and the same questions."""
