"""Content with its matcher, in this process or in a worker."""
