"""What every page that we serve shares: where it listens, what goes with each answer, and how a form is read."""
