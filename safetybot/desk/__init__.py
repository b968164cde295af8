"""The desk: the safeguarding staff's page, in a process of its own.

It alone ever holds private keys: those of members who are logged in, in memory, until they leave or are idle.
"""
