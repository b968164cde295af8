"""The editors' tools."""
