// Curves as SVG, drawn from numbers, with what stands at the pointer.

const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes, parent, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

// Round numbers within a range, at most a few.
function ticks(low, high, most = 5) {
  const raw = (high - low) / most;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((candidate) => candidate >= raw * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(i * step);
  return found;
}

// Powers of ten, with 2 and 5 between them where these are few; of a range within one power round numbers.
function logTicks(low, high) {
  const powers = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) powers.push(10 ** power);
  const within = (values) => values.filter((value) => value >= low * 0.999 && value <= high * 1.001);
  const fine = within(powers.flatMap((power) => [power, 2 * power, 5 * power]));
  if (fine.length > 7) {
    const tens = within(powers);
    return tens.filter((_, place) => place % Math.ceil(tens.length / 6) === 0);
  }
  return fine.length > 2 ? fine : ticks(low, high, 4).filter((value) => value > 0);
}

// The axis of some values: from number to part of the way.
function axis(values, log) {
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (!(high > low)) [low, high] = [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2];
  if (log && low > 0) {
    const [a, b] = [Math.log(low), Math.log(high)];
    const margin = (b - a) * 0.05;
    return { of: (value) => (Math.log(value) - a + margin) / (b - a + 2 * margin), ticks: logTicks(low, high) };
  }
  const margin = (high - low) * 0.05;
  return { of: (value) => (value - low + margin) / (high - low + 2 * margin), ticks: ticks(low, high) };
}

// Draws a panel as wide as there is room, and again where that changes, so that letters keep their size.
function drawCurves(figure, panel) {
  const drawing = figure.querySelector(".drawing");
  let drawn = 0;
  const draw = () => {
    const width = Math.max(260, Math.round(drawing.clientWidth));
    if (width === drawn) return;
    drawn = width;
    drawing.replaceChildren();
    drawPanel(figure, drawing, panel, width);
  };
  draw();
  // In the next frame: what changes sizes while they are observed is told to the console.
  new ResizeObserver(() => requestAnimationFrame(draw)).observe(drawing);
}

function drawPanel(figure, drawing, panel, width) {
  const [height, left, right, top, bottom] = [Math.round(Math.min(320, width * 0.62)), 54, 10, 12, 34];
  const lines = panel.series.filter((one) => one.points.length);
  if (!lines.length) return;
  const points = lines.flatMap((one) => one.points);
  const log = panel.log && points.every(([, y]) => y > 0) && panel.baselines.every(([, y]) => y > 0);
  const xs = axis(points.map(([x]) => x), false);
  const bands = lines.flatMap((one) => one.band.flatMap(([, a, b]) => [a, b]));
  const ys = axis([...points.map(([, y]) => y), ...bands.filter((y) => !log || y > 0), ...panel.baselines.map(([, y]) => y)], log);
  const x = (value) => left + xs.of(value) * (width - left - right);
  const y = (value) => height - bottom - ys.of(value) * (height - top - bottom);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": panel.title });
  for (const value of ys.ticks) {
    svg("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "gridline" }, root);
    svg("text", { x: left - 8, y: y(value) + 4, class: "tick end" }, root, shown(value));
  }
  for (const value of xs.ticks.filter((value) => !panel.whole || Number.isInteger(value))) {
    svg("text", { x: x(value), y: height - 14, class: "tick middle" }, root, panel.whole ? String(value) : shown(value));
  }
  svg("text", { x: width - right, y: height - 1, class: "tick end" }, root, panel.x);
  for (const [name, value] of panel.baselines) {
    svg("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "baseline" }, root);
    svg("text", { x: width - right, y: y(value) - 4, class: "tick end" }, root, name);
  }
  for (const one of lines) {
    const colour = `series c${one.colour % 10}${one.dashed ? " dashed" : ""}`;
    if (one.band.length) {
      const outline = [...one.band.map(([at, low]) => [at, low]), ...one.band.map(([at, , high]) => [at, high]).reverse()];
      svg("polygon", { points: outline.map(([a, b]) => `${x(a)},${y(b)}`).join(" "), class: `band c${one.colour % 10}` }, root);
    }
    if (one.dots || one.points.length === 1) {
      for (const [a, b] of one.points) svg("circle", { cx: x(a), cy: y(b), r: one.dots ? 2.2 : 3.5, class: `dot c${one.colour % 10}` }, root);
    } else {
      const thin = one.points.filter((_, i) => one.points.length < 1200 || i % Math.ceil(one.points.length / 1200) === 0);
      svg("polyline", { points: thin.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" "), class: colour }, root);
    }
  }
  if (panel.diagonal) {
    const ends = [Math.max(xs.ticks[0], ys.ticks[0]), Math.min(xs.ticks.at(-1), ys.ticks.at(-1))];
    svg("line", { x1: x(ends[0]), y1: y(ends[0]), x2: x(ends[1]), y2: y(ends[1]), class: "baseline" }, root);
  }
  const cursor = svg("line", { y1: top, y2: height - bottom, x1: left, x2: left, class: "cursor" }, root);
  const readout = figure.querySelector(".readout");
  const legend = () => {
    readout.replaceChildren(...lines.filter((one) => one.name).map((one) => key(one, one.name)));
  };
  const key = (one, text) => {
    const item = document.createElement("span");
    item.className = `key c${one.colour % 10}${one.dashed ? " dashed" : ""}`;
    item.textContent = text;
    return item;
  };
  legend();
  if (!lines.some((one) => one.dots)) {
    root.addEventListener("pointermove", (event) => {
      const box = root.getBoundingClientRect();
      const at = ((event.clientX - box.left) / box.width) * width;
      const nearest = (one) => one.points.reduce((best, point) => (Math.abs(x(point[0]) - at) < Math.abs(x(best[0]) - at) ? point : best));
      const found = lines.map((one) => [one, nearest(one)]);
      root.classList.add("pointed");
      cursor.setAttribute("x1", x(found[0][1][0]));
      cursor.setAttribute("x2", x(found[0][1][0]));
      readout.replaceChildren(
        document.createTextNode(`${panel.x} ${shown(found[0][1][0])}`),
        ...found.map(([one, point]) => key(one, `${one.name} ${shown(point[1])}`)),
      );
    });
    root.addEventListener("pointerleave", () => {
      root.classList.remove("pointed");
      legend();
    });
  }
  drawing.append(root);
}
