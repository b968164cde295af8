"""Texts are understood in a process of their own, so that the bot's own goes on with all else meanwhile.

Python runs one thread at a time. Understanding a text takes as long as all other work for it together, so that in one
process a second core is of little use; and where a library underneath is ended by the system, all are.
"""
