"""Settings of the running process: garbage collection, core dumps, memory."""
