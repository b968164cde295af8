"""The entrance for every channel, and the jobs beside it."""
