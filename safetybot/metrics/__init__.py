"""Counters of a running bot."""
