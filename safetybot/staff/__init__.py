"""Members of staff: accounts, login, second factor, recovery."""
