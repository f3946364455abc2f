"""OAI-PMH 2.0, with which libraries and archives harvest all records of the portal as Dublin Core.

`protocol` parses requests and builds responses, `listing` finds records by the time of their last change, including
deleted ones, and `dublin_core` writes the metadata of a record. We use no OAI-PMH library: the existing ones do not
support deleted records or languages, or their resumption tokens become wrong if content changes during a harvest.
"""

from portal.open_data.oai.protocol import answer

__all__ = ["answer"]
