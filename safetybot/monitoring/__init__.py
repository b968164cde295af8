"""Health, readiness and metrics pages."""
