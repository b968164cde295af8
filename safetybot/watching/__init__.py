"""For whoever watches an installation: whether it is alive, whether it is ready, and its numbers. No people in them."""
