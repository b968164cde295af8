"""Locks and queues of one event loop."""
