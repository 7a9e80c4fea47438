"""Makes the images of this folder and what Pillow makes of them. Needs Pillow and NumPy (Debian: python3-pil, python3-numpy)."""
import os

import numpy as np
from PIL import Image

os.chdir(os.path.dirname(os.path.abspath(__file__)))
random = np.random.RandomState(7)
pixels = random.randint(0, 256, (17, 23, 3)).astype(np.uint8)
noise = Image.fromarray(pixels)
for extension in ("png", "bmp", "tga"):
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
