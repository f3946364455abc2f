"""Loads the project's templates without their indentation."""

import re

from django.template import Origin
from django.template.loaders import filesystem

INDENTATION = re.compile(r"\n\s+")


class Loader(filesystem.Loader):
    """Remove the indentation of HTML templates when they are compiled.

    Pages shrink by about 1.3 kB after compression, and no request does the work. Text inside `<pre>` and `<textarea>`
    must come from a variable, because whitespace counts there.
    """

    def get_contents(self, origin: Origin) -> str:
        """Return the text of the template; of an `.html` file without whitespace at the beginning of lines."""
        contents = super().get_contents(origin)
        return INDENTATION.sub("\n", contents) if origin.name.endswith(".html") else contents
