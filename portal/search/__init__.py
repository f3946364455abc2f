"""The search index: what the analyser makes of every published record, kept beside the records themselves.

`analyser` turns text into tokens, `query` what a reader types into clauses, `store` keeps and asks the words on either
database, `documents` says which words a record has, `keeping` moves the index with every save, `ranking` puts the best
hit first and `spelling` knows what may have been meant.
"""
