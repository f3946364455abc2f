"""The comparison of two to four countries, issues or projects."""

from portal.views.compare.page import Compare

__all__ = ["Compare"]
