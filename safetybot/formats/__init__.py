"""Markdown, JSON and dates, as every room writes them."""
