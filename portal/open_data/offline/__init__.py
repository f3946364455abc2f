"""The offline edition: all pages of records and lists in three languages, as a ZIP and as a ZIM file."""
