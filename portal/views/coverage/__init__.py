"""The gap map: which pairs of issue, country, area … have sourced projects, and which have none."""

from portal.views.coverage.page import CoveragePage

__all__ = ["CoveragePage"]
