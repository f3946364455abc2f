"""The storage of static files: their names contain a hash of their content."""

import re
from posixpath import dirname, join

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Imports in our stylesheets (css/site.css of public pages, css/admin.css of the admin) are replaced by the imported
# files: each component has its own file, but a page requests only one.
CSS_IMPORT = re.compile(r'@import url\("([^"]+)"\);\n')
# A string, which stays, or a comment.
CSS_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|/\*.*?\*/\n?', re.DOTALL)


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, which also omits comments of our stylesheets, and replaces the names in imports
    between our own script modules.

    Django can do this only for all scripts or for none. It would also treat text in comments of third-party scripts as
    imports.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )

    def post_process(self, paths, dry_run=False, **options):
        if not dry_run:
            for name in [name for name in paths if name.startswith("css/") and name.endswith(".css")]:
                # `super()` compresses and hashes this text instead of the file that `paths` names.
                text = without_comments(bundled(name, paths))
                self.delete(name)
                self.save(name, ContentFile(text.encode()))
                paths = {**paths, name: (self, name)}
        yield from super().post_process(paths, dry_run, **options)


def without_comments(css):
    """Return a stylesheet without its comments, which no browser needs."""
    return CSS_COMMENT.sub(lambda found: found[1] or "", css)


def bundled(name, paths):
    """Return the stylesheet `name` with each of its imports replaced by the imported file, if it has any.

    `paths` maps the name of a static file to its storage and its path there. An imported file must not import or refer
    to other files, because the bundle is in another folder. Raise KeyError if a file is missing.
    """

    def read(file):
        storage, path = paths[file]
        with storage.open(path) as opened:
            return opened.read().decode("utf-8")

    return CSS_IMPORT.sub(lambda found: read(join(dirname(name), found[1])), read(name))
