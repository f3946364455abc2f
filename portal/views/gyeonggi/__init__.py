"""The front page of Gyeonggi, and the page of the ties of its local governments with Central Asia."""

from portal.views.gyeonggi.front import GyeonggiPage
from portal.views.gyeonggi.ties import TiesPage

__all__ = ["GyeonggiPage", "TiesPage"]
