"""What keeps records true for years: translations that fell behind, who looked when, links out, doubles."""
