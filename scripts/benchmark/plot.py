"""Small panels with logarithmic axes, as SVG: points with their range, and the ideal through the first of them."""

import math
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 420, 300  # of a panel with everything around it
LEFT, RIGHT, TOP, BOTTOM = 62, 18, 60, 46  # what is around the plotted field
FOOT = 17  # a line below the panels
COLOURS = ["#0072b2", "#d55e00"]  # told apart by everybody
INK, FAINT, GRID = "#222222", "#767676", "#e4e4e4"
# Where ticks may be within a power of ten, the fewest first.
STEPS = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9]]


class Curve(NamedTuple):
    name: str
    points: list  # of (x, median, least, most), by x
    slope: int  # the ideal goes with this power of x
    ideal: str  # its name


class Panel(NamedTuple):
    title: str
    x: str
    y: str
    curves: list


class Scale(NamedTuple):
    """From a logarithmic axis to a place on the page."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value):
        part = (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return self.start + part * (self.end - self.start)


def scale(values, start, end, least_span):
    """An axis that holds the values with some room, and spans a factor of `least_span` or more."""
    low, high = min(values), max(values)
    room = max((high / low) ** 0.08, math.sqrt(max(1, least_span / (high / low))))
    return Scale(low / room, high * room, start, end)


def ticks(axis):
    """Round numbers on an axis: at least three if it can be, and hardly more than six."""
    powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    found = []
    for steps in STEPS:
        found = [step * 10.0**power for power in powers for step in steps]
        found = [value for value in found if axis.low <= value <= axis.high]
        if len(found) >= 3:
            break
    return found


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def text(x, y, words, anchor="middle", colour=INK, size=12, more=""):
    style = f'text-anchor="{anchor}" fill="{colour}" font-size="{size}"{more}'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'


def line(x1, y1, x2, y2, colour, more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{more}/>'


def dashed(x1, y1, x2, y2):
    return line(x1, y1, x2, y2, FAINT, ' stroke-width="1.5" stroke-dasharray="5 4"')


def curve(one, colour, across, up):
    """The ideal, the way from point to point, the ranges, the points."""
    first, last = one.points[0], one.points[-1]
    ends = [(x, first[1] * (x / first[0]) ** one.slope) for x in (first[0], last[0])]
    parts = [dashed(*(place for x, y in ends for place in (across.place(x), up.place(y))))]
    way = " ".join(f"{across.place(x):.1f},{up.place(y):.1f}" for x, y, _, _ in one.points)
    parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    for x, middle, least, most in one.points:
        bar = [across.place(x), up.place(least), across.place(x), up.place(most)]
        parts.append(line(*bar, colour, ' stroke-width="3" stroke-opacity="0.45"'))
        parts.append(f'<circle cx="{across.place(x):.1f}" cy="{up.place(middle):.1f}" r="3.5" fill="{colour}"/>')
    return parts


def legend(curves):
    """A row of names under the title; the ideal last. Letters are taken to be 6.4 wide."""
    parts, x, y = [], LEFT, TOP - 18
    for one, colour in zip(curves, COLOURS):
        parts.append(f'<circle cx="{x + 4:.1f}" cy="{y - 4}" r="3.5" fill="{colour}"/>')
        parts.append(text(x + 12, y, one.name, "start", size=11))
        x += 12 + 6.4 * len(one.name) + 12
    parts.append(dashed(x, y - 4, x + 20, y - 4))
    parts.append(text(x + 25, y, curves[0].ideal, "start", FAINT, 11))
    return parts


def panel(one):
    points = [point for curve in one.curves for point in curve.points]
    ideals = [of.points[0][1] * (of.points[-1][0] / of.points[0][0]) ** of.slope for of in one.curves]
    across = scale([point[0] for point in points], LEFT, WIDTH - RIGHT, 2)
    up = scale([value for point in points for value in point[1:]] + ideals, HEIGHT - BOTTOM, TOP, 3)
    parts = [text(LEFT, TOP - 38, one.title, "start", size=14, more=' font-weight="600"'), *legend(one.curves)]
    for value in ticks(up):
        parts.append(line(LEFT, up.place(value), WIDTH - RIGHT, up.place(value), GRID))
        parts.append(text(LEFT - 7, up.place(value) + 4, number(value), "end", size=11))
    # What was measured, where it can be read; the names of the last ones win.
    free = math.inf
    for x in sorted({point[0] for point in points}, reverse=True):
        half = 3.5 * len(number(x)) + 4
        if across.place(x) + half <= free:
            parts.append(text(across.place(x), HEIGHT - BOTTOM + 16, number(x), size=11))
            free = across.place(x) - half
        parts.append(line(across.place(x), HEIGHT - BOTTOM, across.place(x), HEIGHT - BOTTOM + 4, INK))
    parts.append(line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, INK))
    parts.append(line(LEFT, TOP, LEFT, HEIGHT - BOTTOM, INK))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, one.x))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(text(16, middle, one.y, more=f' transform="rotate(-90 16 {middle})"'))
    for of, colour in zip(one.curves, COLOURS):
        parts += curve(of, colour, across, up)
    return parts


def drawn(panels, foot):
    """The picture: panels in two columns, and lines of text below."""
    rows = -(-len(panels) // 2)
    width, height = 2 * WIDTH, rows * HEIGHT + FOOT * len(foot) + 14
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"']
    out[0] += ' font-family="DejaVu Sans, Verdana, Helvetica, Arial, sans-serif" role="img">'
    out.append(f"<title>Seconds an epoch against {escape(', '.join(one.title.lower() for one in panels))}</title>")
    out.append(f'<rect width="{width}" height="{height}" fill="#ffffff"/>')
    for index, one in enumerate(panels):
        out.append(f'<g transform="translate({index % 2 * WIDTH} {index // 2 * HEIGHT})">')
        out += panel(one)
        out.append("</g>")
    for index, words in enumerate(foot):
        out.append(text(LEFT, rows * HEIGHT + FOOT * (index + 1), words, "start", FAINT, 11))
    return "\n".join([*out, "</svg>"]) + "\n"
