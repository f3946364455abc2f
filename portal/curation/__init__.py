"""Maintenance of records over the years: outdated translations, verifications, external links, duplicates."""
