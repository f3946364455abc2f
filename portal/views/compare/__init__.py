"""Two to four countries, issues or projects side by side."""

from portal.views.compare.page import Compare

__all__ = ["Compare"]
