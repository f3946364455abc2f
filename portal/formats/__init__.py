"""The formats in which the portal exports records, and the one declaration of the data that they contain.

`fields` and `serialisers` describe the data of each kind of record once; `portal_serialisers` does so for places and
sources. `spreadsheets` (CSV, XLSX), `json` (JSON, GeoJSON), `atom`, `ics`
(iCalendar) and `rdf` (JSON-LD, Turtle) write it.
`portal.citations` writes references (RIS, BibTeX, CSL-JSON) and citation styles. `responses` answers `?format=…` of a
list or a record page. `tables` exports tables that are not records, and `dataset_metadata` describes the tables for
programs. The API uses the same serialisers.
"""
