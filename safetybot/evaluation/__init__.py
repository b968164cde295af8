"""Holds conversations with the content, and measures them against what a careful worker would say."""
