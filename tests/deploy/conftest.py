"""The real program from a folder of its own, as in tests/e2e."""

from tests.e2e.conftest import place, small_content

__all__ = ["place", "small_content"]
