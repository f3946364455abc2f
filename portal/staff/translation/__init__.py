"""The translator's view: pairs of texts one after the other, progress by language and kind, XLIFF files out and in."""
