"""The demo: chat, desk and editors' page on invented data, in a folder that is gone at the end."""
