"""What records say, as plain data, and the forms in which it is handed out.

`fields` and `serialisers` say once a kind what a record states; `sheets` (CSV, XLSX), `plain` (JSON, GeoJSON), `atom`
and `references` (RIS, BibTeX, CSL-JSON) write it, and `styles` has references as lists of works cited have them;
`serving` answers `?format=…` of a list or a page. The API reads the same.
"""
