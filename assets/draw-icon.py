"""Draws icon.png, the packages' icon: a curve and the steps that it is quantized to. usage: python3 draw-icon.py"""
import math
import pathlib
import struct
import zlib

SIZE, GRID = 128, 4  # each pixel is the mean of GRID x GRID points
PLATE, CURVE, STEPS = (38, 50, 105), (124, 148, 226), (255, 255, 255)
LEFT, RIGHT, MIDDLE, HEIGHT, COUNT = 18.0, 110.0, 64.0, 38.0, 5


def curve(x):
    """The height of the curve at x."""
    return MIDDLE + HEIGHT * math.cos((x - LEFT) / (RIGHT - LEFT) * math.pi)


def step(index):
    """The height of a step: the curve's in its middle, on a grid of five levels."""
    level = HEIGHT / 2
    return MIDDLE + level * round((curve(LEFT + (index + 0.5) * (RIGHT - LEFT) / COUNT) - MIDDLE) / level)


def distance(x, y, a, b):
    """The distance of a point from a segment."""
    (ax, ay), (bx, by) = a, b
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    t = 0 if length == 0 else max(0, min(1, ((x - ax) * dx + (y - ay) * dy) / length))
    return math.hypot(x - ax - t * dx, y - ay - t * dy)


def points(count, height):
    return [(x, height(x)) for x in (LEFT + i * (RIGHT - LEFT) / count for i in range(count + 1))]


def stairs():
    width = (RIGHT - LEFT) / COUNT
    return [(LEFT + (i + end) * width, step(i)) for i in range(COUNT) for end in (0, 1)]


SMOOTH, STAIRS = points(48, curve), stairs()


def colour(x, y):
    """The colour and opacity at a point."""
    inside = math.hypot(max(0, abs(x - 64) - 42), max(0, abs(y - 64) - 42)) <= 22
    if not inside:
        return PLATE, 0
    if min(distance(x, y, a, b) for a, b in zip(STAIRS, STAIRS[1:])) <= 3.2:
        return STEPS, 1
    if min(distance(x, y, a, b) for a, b in zip(SMOOTH, SMOOTH[1:])) <= 2.8:
        return CURVE, 1
    return PLATE, 1


def pixel(column, row):
    samples = [colour(column + (i + 0.5) / GRID, row + (j + 0.5) / GRID) for i in range(GRID) for j in range(GRID)]
    weight = sum(a for _, a in samples)
    mean = [round(sum(c[k] * a for c, a in samples) / weight) if weight else 0 for k in range(3)]
    return bytes(mean + [round(255 * weight / len(samples))])


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


rows = b"".join(b"\0" + b"".join(pixel(column, row) for column in range(SIZE)) for row in range(SIZE))
pathlib.Path(__file__).with_name("icon.png").write_bytes(
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(rows, 9))
    + chunk(b"IEND", b""))
