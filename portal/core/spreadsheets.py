"""What spreadsheets ask of files that they open."""

LONGEST_CELL = 32_767  # what a cell of a workbook may hold
# What a cell begins with that a spreadsheet takes for a formula.
RISKY = ("=", "+", "-", "@", "\t", "\r")


class Echo:
    """A file that gives back each line at once."""

    def write(self, line):
        return line
