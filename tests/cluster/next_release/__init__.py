"""The next release of the portal: terms have one more column."""
