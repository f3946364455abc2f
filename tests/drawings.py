"""Images that tests draw themselves: no test and no content has a photograph."""

import io

from PIL import Image, ImageDraw


def drawing(width=800, height=500, form="JPEG", seed=0, **options):
    """Return the bytes of an image with a few shapes. Another `seed` gives another image."""
    image = Image.new("RGB", (width, height), (247, 236, 217))
    draw = ImageDraw.Draw(image)
    for step in range(12):
        x, y = (seed * 37 + step * 71) % width, (seed * 53 + step * 43) % height
        draw.ellipse((x, y, x + width // 6, y + height // 6), fill=(20 * step, 90, (seed * 11) % 255))
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()
