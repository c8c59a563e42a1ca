"""Posters of projects: what one says, where each line stands, and the same as SVG and as PDF."""
