"""The gap map: pairs of two axes (issue, country, area …) with and without projects that have a source."""

from portal.views.coverage.page import CoveragePage

__all__ = ["CoveragePage"]
