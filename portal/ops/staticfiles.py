"""Static files under names that change with their content."""

import re
from posixpath import dirname, join

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

# A stylesheet whose imports are put in their place: a page asks for one file, and each component has a file.
BUNDLE = "css/site.css"
CSS_IMPORT = re.compile(r'@import url\("([^"]+)"\);\n')


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise’s, which also names what one of our script modules imports from another.

    Django would do that in all scripts or in none, and reads imports into the comments of some that are not ours.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )

    def post_process(self, paths, dry_run=False, **options):
        if BUNDLE in paths and not dry_run:
            # Compressed and hashed from here on, instead of the file that `paths` names.
            self.delete(BUNDLE)
            self.save(BUNDLE, ContentFile(bundled(BUNDLE, paths).encode()))
            paths = {**paths, BUNDLE: (self, BUNDLE)}
        yield from super().post_process(paths, dry_run, **options)


def bundled(name, paths):
    """Return the stylesheet `name` with each of its imports replaced by the file that it names.

    `paths` maps the name of a static file to its storage and its path there. An imported file must itself import
    nothing, and refer to no other file, since its folder is another one. Raise KeyError if a file is missing.
    """

    def read(file):
        storage, path = paths[file]
        with storage.open(path) as opened:
            return opened.read().decode("utf-8")

    return CSS_IMPORT.sub(lambda found: read(join(dirname(name), found[1])), read(name))
