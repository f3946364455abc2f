"""The storage of static files: their names contain a hash of their content."""

import re
from posixpath import dirname, join

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

# The imports in these stylesheets are replaced by the imported files: each component has its own file, but a page
# requests only one. The first is the stylesheet of public pages, the second that of the admin.
BUNDLES = ("css/site.css", "css/admin.css")
CSS_IMPORT = re.compile(r'@import url\("([^"]+)"\);\n')


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, which also replaces the file names in imports between our own script modules.

    Django can do this only for all scripts or for none. It would also treat text in comments of third-party scripts as
    imports.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )

    def post_process(self, paths, dry_run=False, **options):
        if not dry_run:
            for name in paths.keys() & set(BUNDLES):
                # `super()` compresses and hashes this bundle instead of the file that `paths` names.
                self.delete(name)
                self.save(name, ContentFile(bundled(name, paths).encode()))
                paths = {**paths, name: (self, name)}
        yield from super().post_process(paths, dry_run, **options)


def bundled(name, paths):
    """Return the stylesheet `name` with each of its imports replaced by the imported file.

    `paths` maps the name of a static file to its storage and its path there. An imported file must not import or refer
    to other files, because the bundle is in another folder. Raise KeyError if a file is missing.
    """

    def read(file):
        storage, path = paths[file]
        with storage.open(path) as opened:
            return opened.read().decode("utf-8")

    return CSS_IMPORT.sub(lambda found: read(join(dirname(name), found[1])), read(name))
