"""Figures drawn and written to files: the picture of /stats, the export, the quarterly report."""
