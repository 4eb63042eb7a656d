"""Own data as a new user brings it, drawn from a seed with Python's standard library alone: photographs, sensors, arrays.

The photographs lie in a folder for each class, in colour and in sizes around 110x148, with one broken file among them. The sensors are a
table with a time column, holes and faults that were planted, whose rows are told apart. The array holds float images of 0 to 255.
"""

import datetime
import math
import random
import struct
import zlib
from pathlib import Path

CLASSES = ("city", "forest", "sun", "waves")
START = datetime.datetime(2026, 1, 1)
FAULTS = ("stuck valve", "blocked filter", "loose coupling")


def photographs(folder: Path, count: int, seed: int) -> None:
    """So many photographs, a folder for each class, and one broken file."""
    draw = random.Random(seed)
    for number in range(count):
        name = CLASSES[number % len(CLASSES)]
        height, width = 110 + draw.randint(-14, 14), 148 + draw.randint(-18, 18)
        rows = SCENES[name](draw, height, width)
        path = folder / name / f"{name}_{number // len(CLASSES):03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(height, width, grained(draw, rows)))
    whole = (folder / "sun" / "sun_000.png").read_bytes()
    (folder / "sun" / "sun_broken.png").write_bytes(whole[: len(whole) // 2])


def png(height: int, width: int, rows: bytes) -> bytes:
    """A PNG of rows of red, green and blue bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    stride = 3 * width
    lines = b"".join(b"\0" + rows[at : at + stride] for at in range(0, len(rows), stride))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines, 1)) + chunk(b"IEND", b"")


def grained(draw: random.Random, rows: list) -> bytes:
    """The grain of a camera: up to 15 more in each byte, none of which was above 240."""
    plain = b"".join(rows)
    mask = int.from_bytes(b"\x0f" * len(plain), "big")
    return (int.from_bytes(plain, "big") + (draw.getrandbits(8 * len(plain)) & mask)).to_bytes(len(plain), "big")


def tinted(draw: random.Random, red: int, green: int, blue: int, by: int = 25) -> bytes:
    """A colour near this one."""
    return bytes(max(0, min(240, part + draw.randint(-by, by))) for part in (red, green, blue))


def between(low: bytes, high: bytes, part: float) -> bytes:
    """A colour on the way from one to another."""
    return bytes(round(a + (b - a) * part) for a, b in zip(low, high))


def sun(draw: random.Random, height: int, width: int) -> list:
    """A sun over the sea: where it stands decides the colour of the sky."""
    rises = draw.random()
    horizon = round(height * draw.uniform(0.62, 0.78))
    radius = height * draw.uniform(0.09, 0.15)
    across, up = width * draw.uniform(0.2, 0.8), horizon * (1 - 0.85 * rises)
    top = between(tinted(draw, 50, 40, 110), tinted(draw, 70, 140, 225), rises)
    low = between(tinted(draw, 225, 110, 60), tinted(draw, 190, 215, 235), rises)
    disk, sea = tinted(draw, 240, 215, 120, 12), between(tinted(draw, 60, 40, 60), tinted(draw, 30, 90, 150), rises)
    rows = []
    for y in range(height):
        if y >= horizon:
            rows.append(sea * width)
            continue
        line = between(top, low, y / horizon)
        half = math.sqrt(max(radius**2 - (y - up) ** 2, 0))
        start, end = max(0, round(across - half)), min(width, round(across + half))
        end = max(start, end)
        rows.append(line * start + disk * (end - start) + line * (width - end))
    return rows


def city(draw: random.Random, height: int, width: int) -> list:
    """Towers before an evening sky, some windows lit."""
    top, low = tinted(draw, 35, 40, 75), tinted(draw, 150, 110, 120)
    wall, lit = tinted(draw, 55, 58, 66, 12), tinted(draw, 230, 205, 120, 10)
    roofs: list = []
    tall = draw.uniform(0.35, 0.75)
    while len(roofs) < width:
        roof = height - round(height * tall * draw.uniform(0.55, 1.1))
        roofs.extend([max(4, roof)] * draw.randint(9, 22))
    rows = []
    for y in range(height):
        sky = between(top, low, y / height)
        light = lit if y % 7 in (2, 3) else wall
        rows.append(b"".join(sky if y < roofs[x] else light if x % 6 in (1, 2) else wall for x in range(width)))
    return rows


def waves(draw: random.Random, height: int, width: int) -> list:
    """Three rows of waves, each before the other."""
    sky = tinted(draw, 170, 205, 230)
    far, near = tinted(draw, 60, 140, 190), tinted(draw, 15, 50, 110)
    crests = []
    phase, length = draw.uniform(0, 6.3), width * draw.uniform(0.28, 0.6)
    for row in range(3):
        level, swing = height * (0.35 + 0.2 * row), height * draw.uniform(0.04, 0.1)
        crests.append([level + swing * math.sin(phase + row * 1.3 + 6.283 * x / length) for x in range(width)])
    shades = [between(far, near, row / 2) for row in range(3)]

    def colour(x: int, y: int) -> bytes:
        behind = sky
        for crest, shade in zip(crests, shades):
            behind = shade if y >= crest[x] else behind
        return behind

    return [b"".join(colour(x, y) for x in range(width)) for y in range(height)]


def forest(draw: random.Random, height: int, width: int) -> list:
    """Firs on a meadow under a pale sky."""
    sky, meadow = tinted(draw, 195, 215, 225, 20), tinted(draw, 110, 150, 70)
    fir, ground = tinted(draw, 25, 75, 45, 15), round(height * draw.uniform(0.7, 0.85))
    tops = [ground] * width
    for _ in range(draw.randint(4, 8)):
        at, tall, steep = draw.uniform(0, width), height * draw.uniform(0.3, 0.6), draw.uniform(2.6, 4.0)
        for x in range(width):
            tops[x] = min(tops[x], round(ground - tall + steep * abs(x - at)))
    rows = []
    for y in range(height):
        rows.append(meadow * width if y >= ground else b"".join(sky if y < top else fir for top in tops))
    return rows


SCENES = {"city": city, "forest": forest, "sun": sun, "waves": waves}


def sensors(path: Path, count: int, seed: int) -> list:
    """A pump's sensors every quarter of an hour, with holes; the rows of its planted faults, counted from 0."""
    draw = random.Random(seed)
    faulty = sorted(draw.sample(range(count), max(3, count // 40)))
    names = "flow,pressure_in,pressure_out,speed,current,bearing_temp,oil_temp,vibration,noise_level,efficiency"
    lines = ["time," + names]
    load = draw.uniform(0.3, 0.7)
    for row in range(count):
        clock = START + datetime.timedelta(minutes=15 * row)
        day = math.sin(2 * math.pi * row / 96)
        load = min(1.0, max(0.05, load + draw.gauss(0, 0.06) + 0.02 * day))
        warmth = 0.5 + 0.3 * day + 0.35 * load
        values = working(draw, load, warmth)
        if row in faulty:
            values = broken(values, FAULTS[faulty.index(row) % len(FAULTS)])
        # A cell in fifty is missing; a fault is told by what is there.
        cells = ["" if row not in faulty and draw.random() < 0.02 else f"{value:.3f}" for value in values]
        lines.append(f"{clock:%Y-%m-%dT%H:%M:%SZ}," + ",".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return faulty


def working(draw: random.Random, load: float, warmth: float) -> list:
    """Ten numbers of a healthy pump, of two hidden ones, which most of them follow along a curve."""
    flow = 120 * load
    exact = [
        flow,
        2.4 - 1.1 * load**2,
        3.0 + 5.5 * load**2,
        900 + 2100 * math.sqrt(load),
        4 + 22 * load**1.5,
        30 + 38 * warmth**2,
        28 + 25 * math.tanh(1.6 * warmth),
        0.4 + 1.9 * (load - 0.45) ** 2 * 4,
        55 + 14 * load + 3 * math.sin(5 * load),
        0.82 - 0.9 * (load - 0.6) ** 2 - 0.05 * warmth,
    ]
    spread = [1.5, 0.02, 0.08, 18, 0.25, 0.6, 0.4, 0.04, 0.35, 0.006]
    return [value + draw.gauss(0, sd) for value, sd in zip(exact, spread)]


def broken(values: list, fault: str) -> list:
    """These numbers under a fault: each of them is possible, together they are not."""
    values = list(values)
    if fault == "stuck valve":
        values[2], values[0] = 11.2 - values[2], 0.35 * values[0]
    elif fault == "blocked filter":
        values[1], values[4] = 3.1 - values[1] * 0.6, values[4] + 9
    else:
        values[7], values[8] = values[7] + 2.2, values[8] + 9
    return values


def blobs(path: Path, count: int, seed: int, side: int = 32) -> None:
    """Float images of 0 to 255 as an array `[images, side, side]`: a spot of light that wanders and grows, with the noise of a sensor."""
    draw = random.Random(seed)
    body = bytearray()
    for _ in range(count):
        wide = draw.uniform(2.5, 5.5)
        across, down = draw.uniform(8, side - 8), draw.uniform(8, side - 8)
        along, below = ([math.exp(-(((x - at) / wide) ** 2)) for x in range(side)] for at in (across, down))
        floor, bright = draw.uniform(8, 20), draw.uniform(170, 225)
        values = [floor + bright * a * b + draw.random() * 10 for b in below for a in along]
        body += struct.pack(f"<{len(values)}f", *values)
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, {side}, {side}), }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + body)


def everything(folder: Path, seed: int, small: bool) -> list:
    """All of it in a folder; the rows of the sensors' planted faults."""
    folder.mkdir(parents=True, exist_ok=True)
    photographs(folder / "photos", 96 if small else 304, seed)
    blobs(folder / "spots.npy", 120 if small else 300, seed + 1)
    return sensors(folder / "sensors.csv", 400 if small else 600, seed + 2)
