"""Charts as SVG, legible on light and dark pages; nothing but text is needed to make them."""
import math
from xml.sax.saxutils import escape

WIDTH, FONT = 720, "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"
# Colours that people with any eyesight can tell apart; shapes tell the rest.
STYLE = f"""
text {{ font: 12px {FONT}; fill: #1f2328; }}
.title {{ font-size: 15px; font-weight: 600; }}
.faint {{ fill: #59636e; }}
.paper {{ fill: #ffffff; }}
.grid {{ stroke: #d1d9e0; stroke-width: 1; }}
.line {{ stroke-width: 2; }}
.spread {{ stroke-width: 1.5; opacity: 0.6; }}
.c0 {{ fill: #0072b2; stroke: #0072b2; }}
.c1 {{ fill: #d55e00; stroke: #d55e00; }}
.c2 {{ fill: #6e7781; stroke: #6e7781; }}
.c3 {{ fill: #009e73; stroke: #009e73; }}
.c4 {{ fill: #b0579a; stroke: #b0579a; }}
.c5 {{ fill: #9a6700; stroke: #9a6700; }}
polyline.line {{ fill: none; }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #f0f6fc; }}
.faint {{ fill: #9198a1; }}
.paper {{ fill: #0d1117; }}
.grid {{ stroke: #3d444d; }}
.c0 {{ fill: #56b4e9; stroke: #56b4e9; }}
.c1 {{ fill: #f0883e; stroke: #f0883e; }}
.c2 {{ fill: #9198a1; stroke: #9198a1; }}
.c3 {{ fill: #3fb98f; stroke: #3fb98f; }}
.c4 {{ fill: #d990c4; stroke: #d990c4; }}
.c5 {{ fill: #d4a72c; stroke: #d4a72c; }}
}}
"""


def colour(name):
    """Each switch has its colour in every chart."""
    order = (
        "evs", "Open vSwitch default", "testpmd io", "Open vSwitch emc-off", "Open vSwitch smc",
        "Open vSwitch emc-always")
    return f"c{order.index(name)}"


def short(number):
    """1,000 as 1k, a million as 1M."""
    for unit, letter in ((1_000_000, "M"), (1000, "k")):
        if number >= unit and number % unit == 0:
            return f"{number // unit:,}{letter}"
    return f"{number:,}"


def text(x, y, what, anchor="start", kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(str(what))}</text>'


def segment(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def page(height, title, parts):
    """The whole file. The title is read out to those who don't see the drawing."""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(title, {chr(34): "&quot;"})}">',
        f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}" rx="6"/>', *parts, "</svg>"]) + "\n"


def bars(title, subtitle, rows):
    """A bar for each (name, best, median): filled to the best windows, a mark at the median."""
    left, right, top, step = 180, WIDTH - 150, 72, 34
    scale = (right - left) / max(median for _, _, median in rows)
    parts = [text(16, 26, title, kind="title"), text(16, 46, subtitle, kind="faint")]
    for index, (name, best, median) in enumerate(rows):
        y = top + index * step
        parts += [
            text(left - 10, y + 15, name, "end"),
            f'<rect class="{colour(name)}" x="{left}" y="{y}" width="{best * scale:.1f}" height="22" rx="2"/>',
            segment(left + median * scale, y - 2, left + median * scale, y + 24, f"spread {colour(name)}"),
            text(left + max(best, median) * scale + 8, y + 15, f"{best:.0f} (median {median:.0f})")]
    height = top + len(rows) * step + 34
    key = "bar: best windows; mark: median of all windows. Shorter is better."
    parts.append(text(16, height - 14, key, kind="faint"))
    return page(height, title, parts)


class Axis:
    """Places numbers on a line of the drawing, in equal steps or by their logarithms."""

    def __init__(self, low, high, start, end, logarithmic, marks=()):
        self.low, self.high, self.start, self.end, self.logarithmic = low, high, start, end, logarithmic
        self.marks = marks

    def __call__(self, value):
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.start + (value - low) / ((high - low) or 1) * (self.end - self.start)

    @classmethod
    def upwards(cls, values, start, end):
        """For cycles: by logarithms where they differ much, else from zero."""
        low, high = min(values), max(values)
        numbers = [factor * 10 ** power for power in range(12) for factor in (1, 2, 5)]
        if high < 12 * low:
            step = next(each for each in numbers if high / each <= 6)
            marks = range(0, step * math.ceil(high / step) + 1, step)
        else:
            # 1, 10, 100, …; where that would be few marks, also 2, 5, 20, 50, …
            numbers = numbers[::3] if high > 100 * low else numbers
            first = max(index for index, each in enumerate(numbers) if each <= max(low, 1))
            last = next(index for index, each in enumerate(numbers) if each >= high)
            marks = numbers[first:last + 1]
        return cls(marks[0], marks[-1], start, end, marks[0] > 0, marks)


def lines(title, subtitle, footnote, across, series):
    """A line for each (name, [(x, best, median)]) over the same axis, a logarithmic one; `across` says what it is."""
    left, right, top, bottom = 64, WIDTH - 28, 84, 356
    numbers = sorted({x for _, points in series for x, _, _ in points})
    x_axis = Axis(numbers[0], numbers[-1], left + 8, right - 8, True)
    heights = [value for _, points in series for _, *values in points for value in values]
    y_axis = Axis.upwards(heights, bottom, top)
    parts = [text(16, 26, title, kind="title"), text(16, 46, subtitle, kind="faint")]
    for value in y_axis.marks:
        y = y_axis(value)
        parts += [segment(left, y, right, y, "grid"), text(left - 8, y + 4, short(value), "end", "faint")]
    for value in numbers:
        parts.append(text(x_axis(value), bottom + 18, short(value), "middle", "faint"))
    parts += [
        text((left + right) / 2, bottom + 38, across, "middle"), text(16, top - 14, "cycles a packet", kind="faint"),
        text(16, bottom + 64, footnote, kind="faint")]
    for name, points in series:
        kind = colour(name)
        for x, best, median in points:
            parts.append(segment(x_axis(x), y_axis(best), x_axis(x), y_axis(median), f"spread {kind}"))
            parts.append(marker(kind, x_axis(x), y_axis(best)))
        path = " ".join(f"{x_axis(x):.1f},{y_axis(best):.1f}" for x, best, _ in points)
        parts.append(f'<polyline class="line {kind}" points="{path}"/>')
    place = right
    for name, _ in reversed(series):
        place -= 7 * len(name) + 30
        parts += [marker(colour(name), place + 8, top - 18), text(place + 18, top - 14, name)]
    return page(bottom + 80, title, parts)


def marker(kind, x, y):
    """Another shape for each colour."""
    shapes = {
        "c0": "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0z", "c1": "M-4,-4h8v8h-8z", "c2": "M0,-5.5l5,9h-10z",
        "c3": "M0,-5.5l5.5,5.5l-5.5,5.5l-5.5,-5.5z", "c4": "M-5,-3.5h10l-5,9z",
        "c5": "M-5,-1.5h10v3h-10z"}
    return f'<path class="{kind}" transform="translate({x:.1f},{y:.1f})" d="{shapes[kind]}"/>'
