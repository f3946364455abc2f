"""Records as tables in CSV or XLSX files, which staff export, change in a spreadsheet and import again.

- `tables`: the columns of a model, and how a value is written in a cell;
- `files`: write a table to a file, and read one from a file of any origin;
- `plan`: what a file would change, row by row, and its errors;
- `apply`: store a plan, all of it or nothing.

The content of the portal as fixtures is in `fixtures`, and their update of a running portal in `content_update`.

The pages of the admin are in `portal/staff/import_export.py`.
"""
