"""OAI-PMH 2.0, by which libraries and archives keep up with what the portal has: every record as Dublin Core.

`protocol` reads what is asked and answers in the words of the protocol; `listing` finds the records by the time of
their last change, those that readers see no more among them; `dublin_core` tells a record. The libraries that there are
know no deleted records, or no languages, or give tokens that go astray when something changes during a harvest.
"""

from portal.open_data.oai.protocol import answer

__all__ = ["answer"]
