"""What spreadsheets ask of files that they open."""

MAX_CELL_LENGTH = 32_767  # what a cell of a workbook may hold
# What a cell begins with that a spreadsheet takes for a formula.
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")


class EchoBuffer:
    """A file that gives back each line at once."""

    def write(self, line: str) -> str:
        return line
