"""The editors' page: what the content says, what is wrong with it, and forms that change it."""
