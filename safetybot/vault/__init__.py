"""Sealing, codes, key derivation and the audit chain."""
