"""Records as tables in files, CSV or XLSX, that staff take out, change in a spreadsheet and bring back.

- `tables`: which columns a model has, and how a value stands in a cell;
- `files`: how a table is written to a file and read from one that anybody may have made;
- `plan`: what a file would change, row by row, and what is wrong with it;
- `carrying`: storing a plan, all of it or nothing;
- `desk`: the pages of the admin.
"""
