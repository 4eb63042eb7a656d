// The latent space alive: the plane, what is decoded at the ring, the sample that was picked, sliders, a walk.

const MOST_SLIDERS = 64;
const MOST_BARS = 48;
const MOST_SAID = 12;

function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && key !== "list" && key !== "form") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

// What comes as JSON and base64 as values.
function readSpace(raw) {
  const space = { ...raw, codes: numbersOf(raw.codes), labels: shorts(raw.labels), decode: netOf(raw.net) };
  space.says = raw.says && { ...raw.says, run: netOf(raw.says.net) };
  space.given = raw.given && shorts(raw.given);
  space.rows = raw.rows && numbersOf(raw.rows.values);
  if (raw.pictures) {
    const which = raw.pictures.which;
    const places = which && new Map(which.map((sample, place) => [sample, place]));
    space.pictures = {
      values: unpack(raw.pictures),
      count: raw.pictures.count,
      shape: raw.shape,
      ink: raw.ink,
      placeOf: (i) => (places ? (places.get(i) ?? -1) : i),
    };
  }
  space.ranges = Array.from({ length: space.dimensions }, (_, d) => {
    let [low, high] = [Infinity, -Infinity];
    for (let i = d; i < space.codes.length; i += space.dimensions) {
      low = Math.min(low, space.codes[i]);
      high = Math.max(high, space.codes[i]);
    }
    return high > low ? [low, high] : [low - 1, high + 1];
  });
  return space;
}

// The largest difference from what Espejo itself gave for some codes, in parts of the range.
function checked(space) {
  const codes = numbersOf(space.check.codes);
  const expected = numbersOf(space.check.expected);
  const width = expected.length / (codes.length / space.dimensions);
  let largest = 0;
  for (let i = 0; i * space.dimensions < codes.length; i++) {
    let found = space.decode(codes.subarray(i * space.dimensions, (i + 1) * space.dimensions));
    if (space.says) found = space.says.run(found);
    for (let k = 0; k < width; k++) {
      const difference = Math.abs(found[k] - expected[i * width + k]) / space.check.ranges[space.check.ranges.length > 1 ? k : 0];
      largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
    }
  }
  return largest;
}

// The two dimensions in which codes vary most, in their own order.
function widest(space) {
  const d = space.dimensions;
  const variances = Array.from({ length: d }, (_, dimension) => {
    let [sum, squares] = [0, 0];
    for (let i = dimension; i < space.codes.length; i += d) {
      sum += space.codes[i];
      squares += space.codes[i] ** 2;
    }
    return [squares / space.count - (sum / space.count) ** 2, dimension];
  });
  const two = variances.sort((a, b) => b[0] - a[0]).slice(0, 2).map(([, dimension]) => dimension);
  return two.sort((a, b) => a - b);
}

class Explorer {
  constructor(root, raw, say) {
    const space = readSpace(raw);
    Object.assign(this, { root, space, say });
    const d = space.dimensions;
    const first = space.first ?? 0;
    const [x, y] = space.asColumn ? [0, 1] : widest(space);
    this.state = {
      x, y: d > 1 ? y : 0, code: space.codes.slice(first * d, first * d + d),
      selected: first, hovered: -1, hidden: new Set(), from: null, to: null,
    };
    this.build();
    this.map = new LatentMap(this.canvas, space, this.state, {
      move: (x, y) => this.moveTo(x, y),
      select: (i) => this.select(i),
      hover: (i, place) => this.hover(i, place),
      step: (by) => this.select((Math.max(0, this.state.selected) + by + space.count) % space.count),
    });
    this.select(first);
    const difference = checked(space);
    document.documentElement.dataset.difference = difference.toExponential(2);
    this.note.textContent = say("Checked when this page was opened: on {} codes the net in this page differs from Espejo by at most {} of the range.")
      .replace("{}", numbersOf(space.check.codes).length / d).replace("{}", difference.toExponential(1));
  }

  get isImage() { return this.space.kind === "image"; }

  build() {
    const { space, say } = this;
    this.canvas = el("canvas", {
      id: "map", tabIndex: 0, role: "application",
      "aria-label": say("Map of the samples. Arrows move the ring, Shift and arrows the map, plus and minus zoom, n and p go from sample to sample, Enter picks the nearest."),
    });
    this.card = el("div", { className: "card", hidden: true });
    const button = (text, label, act) => el("button", { type: "button", onclick: act, title: label, "aria-label": label }, text);
    const tools = el("div", { className: "tools" },
      button("+", say("Zoom in"), () => this.map.zoomBy(1.6)),
      button("−", say("Zoom out"), () => this.map.zoomBy(1 / 1.6)),
      button("⤢", say("Show all"), () => this.map.fit()));
    if (space.pictures) tools.append(this.modeChoice());
    const head = el("div", { className: "planehead" }, tools);
    if (space.dimensions > 2) head.append(this.axisChoice("x", "→"), this.axisChoice("y", "↑"));
    const plane = el("div", { className: "plane" }, head, el("div", { className: "frame" }, this.canvas, this.card));
    if (space.classes.length > 1) plane.append(this.chips());
    this.stage = el("div", { className: "stage" });
    this.bench = el("div", { className: "bench" });
    this.live = el("p", { className: "picked", "aria-live": "polite" });
    if (this.isImage) this.buildPictures();
    else this.buildRow();
    if (space.says) {
      this.said = el("div", { className: "bars said" });
      this.stage.append(el("h3", {}, say(space.says.kind === "classes" ? "What the net says here" : "What the net predicts here")), this.said);
    }
    this.buildWalk();
    if (!space.asColumn) this.buildSliders(this.bench);
    this.note = el("p", { className: "note" });
    plane.append(el("p", { className: "note keys" }, say("Keys on the map: arrows move the ring, Shift and arrows the map, + and − zoom, n and p go from sample to sample, Enter picks the nearest.")));
    this.root.append(plane, this.stage, this.bench, this.note);
  }

  modeChoice() {
    const { say } = this;
    const names = { auto: say("pictures when zoomed in"), pictures: say("pictures"), dots: say("dots") };
    const choice = el("select", {
      "aria-label": say("How samples are shown"),
      onchange: () => { this.map.mode = choice.value; this.map.draw(); },
    }, ...Object.entries(names).map(([value, text]) => el("option", { value }, text)));
    return choice;
  }

  axisChoice(axis, arrow) {
    const { space, state } = this;
    const choice = el("select", {
      "aria-label": this.say(axis === "x" ? "Dimension across" : "Dimension up"),
      onchange: () => { state[axis] = Number(choice.value); this.map.fit(); },
    }, ...space.names.map((name, d) => el("option", { value: d, selected: d === state[axis] }, name)));
    return el("label", { className: "axis" }, arrow, choice);
  }

  chips() {
    const { space, state, say } = this;
    const style = getComputedStyle(document.documentElement);
    const counts = new Map();
    space.labels.forEach((label) => counts.set(label, (counts.get(label) ?? 0) + 1));
    const buttons = space.classes.map((name, label) => {
      const swatch = el("span", { className: "swatch" });
      swatch.style.background = label < 10 ? `var(--c${label})` : classColour(label, (key) => style.getPropertyValue(key));
      return el("button", {
        type: "button", className: "chip", "aria-pressed": "true",
        title: `${name}: ${counts.get(label) ?? 0}`, onclick: () => show([label], state.hidden.has(label)),
        ondblclick: () => { show([...space.classes.keys()], false); show([label], true); },
      }, swatch, name);
    });
    const show = (labels, visible) => {
      labels.forEach((label) => {
        state.hidden[visible ? "delete" : "add"](label);
        buttons[label].setAttribute("aria-pressed", String(visible));
      });
      this.map.draw();
    };
    const all = [...space.classes.keys()];
    return el("div", { className: "chips", role: "group", "aria-label": say("Classes that are shown") }, ...buttons,
      el("button", { type: "button", className: "chip plain", onclick: () => show(all, true) }, say("all")),
      el("button", { type: "button", className: "chip plain", onclick: () => show(all, false) }, say("none")));
  }

  buildPictures() {
    const { say } = this;
    const picture = (id, caption) => {
      const canvas = el("canvas", { id, className: "picture", role: "img", "aria-label": caption });
      return [canvas, el("figure", {}, canvas, el("figcaption", {}, caption))];
    };
    const [now, nowFigure] = picture("decoded", say(this.space.decoded));
    nowFigure.className = "now";
    const [sample, sampleFigure] = picture("sample", say("sample"));
    const [again, againFigure] = picture("reconstruction", say(this.space.again));
    Object.assign(this, { now, sample, again });
    this.stage.append(el("div", { className: "pictures" }, nowFigure,
      el("div", { className: "pair" }, sampleFigure, againFigure, this.live)));
  }

  buildRow() {
    // A row whose columns are the numbers of its code stands in its sliders.
    if (this.space.asColumn) {
      this.stage.append(el("h3", {}, this.say(this.space.decoded)), this.live);
      this.buildSliders(this.stage);
      return;
    }
    this.row = el("div", { className: "bars" });
    this.stage.append(el("h3", {}, this.say(this.space.decoded)), this.live, this.row);
  }

  buildSliders(into) {
    const { space, state, say } = this;
    const count = Math.min(MOST_SLIDERS, space.dimensions);
    this.sliders = Array.from({ length: count }, (_, d) => {
      const [low, high] = space.ranges[d];
      const margin = (high - low) * 0.15;
      const output = el("output", {});
      const input = el("input", {
        type: "range", min: low - margin, max: high + margin, step: "any", "aria-label": space.names[d],
        oninput: () => { state.code[d] = Number(input.value); this.changed(); },
      });
      return { input, output, line: el("label", { className: "slider" }, el("span", {}, space.names[d]), input, output) };
    });
    const box = el("div", { className: "sliders" }, ...this.sliders.map(({ line }) => line));
    const more = space.dimensions - count;
    if (more > 0) box.append(el("p", { className: "note" }, say("and {} more dimensions without a slider").replace("{}", more)));
    into.append(space.asColumn ? box : el("details", { open: count <= 12 }, el("summary", {}, say("Each number of the code")), box));
  }

  buildWalk() {
    const { state, say } = this;
    const put = (end) => () => {
      state[end] = state.code.slice();
      this.walked();
      this.map.draw();
    };
    this.step = el("input", {
      type: "range", min: 0, max: 1, step: "any", value: 0, disabled: true, "aria-label": say("Way from A to B"),
      oninput: () => this.walkTo(Number(this.step.value)),
    });
    this.play = el("button", { type: "button", disabled: true, onclick: () => this.run() }, "▶ ", say("walk"));
    this.strip = el("div", { className: "strip" });
    this.bench.append(
      el("h3", {}, say("A walk between two samples")),
      el("div", { className: "walk" },
        el("button", { type: "button", onclick: put("from") }, say("A is here")),
        el("button", { type: "button", onclick: put("to") }, say("B is here")), this.step, this.play),
      this.strip);
  }

  walked() {
    const { state, space } = this;
    const ready = Boolean(state.from && state.to);
    this.step.disabled = this.play.disabled = !ready;
    this.strip.replaceChildren();
    if (!ready || !this.isImage) return;
    for (let k = 0; k < 9; k++) {
      const canvas = el("canvas", { className: "picture" });
      paint(canvas, imageData(outside(space.signal, space.decode(this.between(k / 8))), space.shape, space.ink, 0, 1));
      this.strip.append(el("button", {
        type: "button", "aria-label": `${k} / 8`, onclick: () => { this.step.value = k / 8; this.walkTo(k / 8); },
      }, canvas));
    }
  }

  between(part) {
    const { from, to } = this.state;
    return from.map((value, d) => value + (to[d] - value) * part);
  }

  walkTo(part) {
    this.state.code.set(this.between(part));
    this.changed();
  }

  run() {
    const start = performance.now();
    const turn = ++this.turn || (this.turn = 1);
    const frame = (now) => {
      if (turn !== this.turn) return;
      const part = Math.min(1, Math.max(0, (now - start) / 2500));
      this.step.value = part;
      this.walkTo(part);
      if (part < 1) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  moveTo(x, y) {
    const { state } = this;
    state.code[state.x] = x;
    if (state.y !== state.x) state.code[state.y] = y;
    this.changed();
  }

  select(i) {
    const { space, state } = this;
    const d = space.dimensions;
    state.selected = i;
    state.code.set(space.codes.subarray(i * d, i * d + d));
    this.live.replaceChildren(...this.nameOf(i));
    if (this.isImage) {
      const own = this.ownPicture(i);
      this.sample.hidden = !own;
      if (own) paint(this.sample, own);
      paint(this.again, this.decodedPicture(state.code));
    }
    this.changed();
  }

  // The name of a sample with its class, and what a net says of it.
  nameOf(i) {
    const { space, say } = this;
    const label = space.labels[i];
    const parts = [el("strong", {}, space.captions?.[i] ?? `#${i}`)];
    if (label !== FREE && space.classes.length > 1) parts.push(` ${space.classes[label]}`);
    if (space.given) parts.push(el("span", { className: space.given[i] === label ? "right" : "wrong" }, ` ${say("taken for {}").replace("{}", space.classes[space.given[i]])}`));
    if (space.pictures && space.pictures.placeOf(i) < 0) parts.push(el("span", {}, ` (${say("its picture is not in this page")})`));
    return parts;
  }

  ownPicture(i) {
    const { space } = this;
    const place = space.pictures.placeOf(i);
    return place < 0 ? null : imageData(space.pictures.values, space.shape, space.ink, place * size([space.shape.channels, space.shape.height, space.shape.width]));
  }

  decodedPicture(code) {
    const { space } = this;
    return imageData(outside(space.signal, space.decode(code)), space.shape, space.ink, 0, 1);
  }

  // Decodes at the ring once a frame, whatever moves how often.
  changed() {
    this.map?.draw();
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      const start = performance.now();
      this.show();
      document.documentElement.dataset.decodeMs = (performance.now() - start).toFixed(2);
    });
  }

  show() {
    const { space, state } = this;
    const values = space.decode(state.code);
    const seen = outside(space.signal, values);
    if (this.isImage) paint(this.now, imageData(seen, space.shape, space.ink, 0, 1));
    else if (!space.asColumn) this.showRow(seen);
    if (space.says) this.showSaid(outside(space.says.signal, space.says.run(values)));
    this.sliders.forEach(({ input, output }, d) => {
      if (document.activeElement !== input || Number(input.value) !== state.code[d]) input.value = state.code[d];
      output.textContent = axisText(space, d, state.code[d]);
    });
  }

  ownRow(i) {
    const { space } = this;
    if (!space.rows || i < 0) return null;
    const width = space.columns.length * (space.window ?? 1);
    return outside(space.signal, space.rows.subarray(i * width, (i + 1) * width));
  }

  showRow(values) {
    const { space, state } = this;
    const own = this.ownRow(state.selected);
    if (space.window) {
      this.showWindow(values, own);
      return;
    }
    this.rowBars ??= bars(this.row, space.columns.slice(0, MOST_BARS));
    this.rowBars.forEach((bar, c) => bar(values[c], space.spans[c], own?.[c]));
  }

  // The columns of a window as lines, the sample's own behind them.
  showWindow(values, own) {
    const { space } = this;
    const columns = space.columns.length;
    const series = (from, c) => Array.from({ length: space.window }, (_, t) => [t, from[t * columns + c]]);
    this.row.replaceChildren(...space.columns.slice(0, 8).map((name, c) => {
      const [low, high] = space.spans[c];
      const root = svg("svg", { viewBox: "0 0 300 60", class: "window" });
      const line = (points, kind) => svg("polyline", {
        class: kind, points: points.map(([t, v]) => `${((t / Math.max(1, space.window - 1)) * 300).toFixed(1)},${(57 - ((v - low) / (high - low || 1)) * 54).toFixed(1)}`).join(" "),
      }, root);
      if (own) line(series(own, c), "own");
      line(series(values, c), "series c0");
      return el("figure", { className: "windowed" }, root, el("figcaption", {}, name));
    }));
  }

  showSaid(values) {
    const { says } = this.space;
    if (says.kind === "classes") {
      const order = [...says.names.keys()].sort((a, b) => values[b] - values[a]);
      const shownClasses = says.names.length <= MOST_SAID ? [...says.names.keys()] : order.slice(0, MOST_SAID);
      if (says.names.length > MOST_SAID) this.said.replaceChildren();
      if (!this.saidBars || says.names.length > MOST_SAID) this.saidBars = bars(this.said, shownClasses.map((c) => says.names[c]));
      this.saidBars.forEach((bar, k) => bar(values[shownClasses[k]], [0, 1], undefined, shownClasses[k] === order[0], percent));
    } else {
      this.saidBars ??= bars(this.said, says.names);
      this.saidBars.forEach((bar, k) => bar(values[k], says.spans[k]));
    }
  }

  hover(i, place) {
    const { state, space, card } = this;
    if (i === state.hovered && i < 0) return;
    state.hovered = i;
    card.hidden = i < 0;
    this.map.draw();
    if (i < 0) return;
    const d = space.dimensions;
    const code = space.codes.subarray(i * d, i * d + d);
    const name = el("p", {}, ...this.nameOf(i));
    if (this.isImage) {
      const pair = [this.ownPicture(i), this.decodedPicture(code)].filter(Boolean).map((image) => {
        const canvas = el("canvas", { className: "picture" });
        paint(canvas, image);
        return canvas;
      });
      card.replaceChildren(el("div", { className: "cardpair" }, ...pair), name);
    } else {
      card.replaceChildren(name, ...(space.window ? [] : [this.rowCard(i, code)]));
    }
    const right = place[0] > this.map.width / 2;
    const low = place[1] > this.map.height / 2;
    card.style.inset = `${low ? "auto" : `${place[1] + 14}px`} ${right ? `${this.map.width - place[0] + 14}px` : "auto"} ${low ? `${this.map.height - place[1] + 14}px` : "auto"} ${right ? "auto" : `${place[0] + 14}px`}`;
  }

  // The first values of a sample and of its reconstruction.
  rowCard(i, code) {
    const { space, say } = this;
    const own = this.ownRow(i);
    const again = outside(space.signal, space.decode(code));
    const line = (...cells) => el("tr", {}, ...cells.map((cell, k) => el(k ? "td" : "th", {}, cell)));
    const rows = space.columns.slice(0, 8).map((name, c) => (space.asColumn ? line(name, shown(again[c])) : line(name, own ? shown(own[c]) : "–", shown(again[c]))));
    const head = space.asColumn ? [] : [line("", say("sample"), say(space.again))];
    return el("table", {}, ...head, ...rows);
  }
}

const percent = (share) => `${shown(Math.round(1000 * share) / 10)} %`;

// Bars of values by name: a function for each that sets its value, the range, a mark, whether it stands out, and how it is told.
function bars(into, names) {
  return names.map((name) => {
    const fill = el("span", { className: "fill" });
    const mark = el("span", { className: "mark", hidden: true });
    const number = el("span", { className: "number" });
    const line = el("div", { className: "bar" }, el("span", { className: "name", title: name }, name), el("span", { className: "track" }, fill, mark), number);
    into.append(line);
    return (value, [low, high], own, stands, words = shown) => {
      const part = (v) => Math.min(1, Math.max(0, (v - low) / (high - low || 1)));
      fill.style.width = `${100 * part(value)}%`;
      number.textContent = words(value);
      mark.hidden = !Number.isFinite(own);
      if (!mark.hidden) mark.style.left = `${100 * part(own)}%`;
      line.classList.toggle("most", Boolean(stands));
    };
  });
}
