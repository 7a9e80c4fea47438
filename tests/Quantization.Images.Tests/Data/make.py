"""Makes the images of this folder and what Pillow makes of them. Needs Pillow and NumPy (Debian: python3-pil, python3-numpy)."""
import os
import struct
import zlib

import numpy as np
from PIL import Image

os.chdir(os.path.dirname(os.path.abspath(__file__)))
random = np.random.RandomState(7)
pixels = random.randint(0, 256, (17, 23, 3)).astype(np.uint8)
noise = Image.fromarray(pixels)
for extension in ("png", "bmp"):
    noise.save("noise." + extension)
noise.save("noise.gif")
Image.open("noise.gif").convert("RGB").save("palette.png")
smooth = noise.resize((46, 34), Image.BICUBIC)
smooth.save("smooth.jpg", quality=90)
Image.open("smooth.jpg").save("smooth.png")
smooth.save("progressive.jpg", quality=90, progressive=True)
rgba = np.dstack([pixels, random.randint(0, 256, (17, 23)).astype(np.uint8)])
Image.fromarray(rgba).save("transparent.png")
noise.convert("L").save("grey.png")


def save(name, image):
    np.save(name, np.asarray(image))


for width, height in ((11, 7), (40, 31), (23, 5), (50, 17), (1, 1)):
    save("stretched-%dx%d.npy" % (width, height), noise.resize((width, height), Image.BILINEAR))
save("grey-9x13.npy", noise.convert("L").resize((9, 13), Image.BILINEAR))
# torchvision: Resize(16) makes the shorter side 16 and the other int(16 * long / short); CenterCrop(14) cuts from int(round((side - 14) / 2)).
resized = noise.resize((int(16 * 23 / 17), 16), Image.BILINEAR)
left, top = int(round((resized.width - 14) / 2.0)), int(round((resized.height - 14) / 2.0))
save("cropped-14.npy", resized.crop((left, top, left + 14, top + 14)))
upright = noise.transpose(Image.TRANSPOSE)
resized = upright.resize((16, int(16 * 23 / 17)), Image.BILINEAR)
left, top = int(round((resized.width - 14) / 2.0)), int(round((resized.height - 14) / 2.0))
upright.save("upright.png")
save("cropped-upright-14.npy", resized.crop((left, top, left + 14, top + 14)))

# What follows is decoded only, and compared with what Pillow decodes or, where nothing is lost, with the noise itself.
noise.save("noise.webp", lossless=True)
Image.fromarray(rgba).save("transparent.webp", lossless=True, exact=True)
noise.save("animated.webp", lossless=True, save_all=True, append_images=[noise.transpose(Image.ROTATE_180)])
smooth.save("smooth.webp", quality=80)
smooth.convert("CMYK").save("cmyk.jpg", quality=90)
smooth.convert("L").save("grey.jpg", quality=90)
smooth.save("chroma.jpg", quality=75, subsampling=1)
exif = Image.Exif()
exif[0x112] = 6  # turned by a quarter
exif[0x10E] = "A description that fills the segment. " * 4
smooth.save("exif.jpg", quality=90, exif=exif)
indexed = Image.open("noise.gif")
indexed.load()
indexed.save("indexed.bmp")
indexed.save("indexed.png", transparency=5)
indexed.save("transparent.gif", transparency=5)
indexed.save("plain.gif", interlace=0)  # Pillow interlaces unless told not to


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def save_png(name, bits, colour, rows, interlaced=0):
    """Pillow writes neither 16 bits of colours nor interlaced files."""
    header = struct.pack(">IIBBBBB", 23, 17, bits, colour, 0, 0, interlaced)
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def unfiltered(rows):
    return b"".join(b"\0" + row.tobytes() for row in rows)


# Low bytes of 128 and more: rounding would give other bytes than cutting.
low = random.randint(128, 256, (17, 23, 3))
save_png("deep.png", 16, 2, unfiltered((pixels.astype(int) * 256 + low).astype(">u2")))
save_png("deep-grey.png", 16, 0, unfiltered((np.asarray(noise.convert("L")).astype(int) * 256 + low[..., 0]).astype(">u2")))
steps = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
save_png("interlaced.png", 8, 2, b"".join(unfiltered(pixels[y::down, x::right]) for x, y, right, down in steps), 1)
# GIFs whose picture lies at (3, 2) and leaves a margin on every side.
for name, source in (("margin.gif", "noise.gif"), ("transparent-margin.gif", "transparent.gif")):
    with open(source, "rb") as file:
        content = bytearray(file.read())
    descriptor = content.index(b"\x2c\0\0\0\0" + struct.pack("<HH", 23, 17))
    content[6:10] = struct.pack("<HH", 30, 20)
    content[descriptor + 1:descriptor + 5] = struct.pack("<HH", 3, 2)
    with open(name, "wb") as file:
        file.write(content)
for name in ("smooth.webp", "cmyk.jpg", "grey.jpg", "chroma.jpg", "progressive.jpg", "transparent.gif", "margin.gif", "transparent-margin.gif"):
    save("decoded-%s.npy" % name, Image.open(name).convert("RGB"))
