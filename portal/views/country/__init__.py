"""The page of a country: its overview in sentences, key figures, what Korea does there, and gaps."""
