// The plane of the latent space: samples as dots, as pictures where there is room, and a ring that can be put anywhere.

const FREE = 65535; // The label of a sample without a class.

class LatentMap {
  // `state` is the explorer's; `on` has `move(x, y)`, `select(i)`, `hover(i, place)`.
  constructor(canvas, space, state, on) {
    Object.assign(this, { canvas, space, state, on, zoom: 1, layout: null, pointers: new Map() });
    this.context = canvas.getContext("2d");
    this.atlas = space.pictures && new Atlas(space.pictures);
    this.mode = "auto";
    new ResizeObserver(() => requestAnimationFrame(() => this.resize())).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    addEventListener("beforeprint", () => this.paintNow());
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.motion(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.release(event));
    canvas.addEventListener("pointerleave", () => this.on.hover(-1));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.06 : 0.002)), this.at(event));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    this.fit();
  }

  // The plane is that of two dimensions of the code, seen whole.
  fit() {
    const { space, state } = this;
    const span = (dimension) => {
      const [low, high] = space.ranges[dimension];
      const margin = (high - low || 1) * 0.06;
      return [low - margin, high + margin];
    };
    this.spanX = span(state.x);
    this.spanY = state.x === state.y ? [-0.6, 0.6] : span(state.y);
    this.zoom = 1;
    this.middle = [(this.spanX[0] + this.spanX[1]) / 2, (this.spanY[0] + this.spanY[1]) / 2];
    this.layout = null;
    this.draw();
  }

  resize() {
    const ratio = Math.min(2, devicePixelRatio || 1);
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth) return;
    [this.width, this.height, this.ratio] = [clientWidth, clientHeight, ratio];
    this.canvas.width = Math.round(clientWidth * ratio);
    this.canvas.height = Math.round(clientHeight * ratio);
    this.layout = null;
    this.paintNow();
  }

  get scaleX() { return (this.width * this.zoom) / (this.spanX[1] - this.spanX[0]); }
  get scaleY() { return (this.height * this.zoom) / (this.spanY[1] - this.spanY[0]); }
  toX(value) { return (value - this.middle[0]) * this.scaleX + this.width / 2; }
  toY(value) { return this.height / 2 - (value - this.middle[1]) * this.scaleY; }
  fromX(x) { return (x - this.width / 2) / this.scaleX + this.middle[0]; }
  fromY(y) { return (this.height / 2 - y) / this.scaleY + this.middle[1]; }
  codeX(i) { return this.space.codes[i * this.space.dimensions + this.state.x]; }
  // A code of one number has no second axis: its samples are strewn up and down, so that they do not hide each other.
  codeY(i) {
    if (this.state.x === this.state.y) return ((i * 0.618034) % 1) - 0.5;
    return this.space.codes[i * this.space.dimensions + this.state.y];
  }

  // Where a code lies up and down.
  heightOf(code) { return this.toY(this.state.x === this.state.y ? 0 : code[this.state.y]); }
  isShown(i) { return !this.state.hidden.has(this.space.labels[i]); }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  zoomBy(factor, [x, y] = [this.width / 2, this.height / 2]) {
    const before = [this.fromX(x), this.fromY(y)];
    this.zoom = Math.min(400, Math.max(0.5, this.zoom * factor));
    this.middle[0] += before[0] - this.fromX(x);
    this.middle[1] += before[1] - this.fromY(y);
    this.draw();
  }

  pan(dx, dy) {
    this.middle[0] -= dx / this.scaleX;
    this.middle[1] += dy / this.scaleY;
    this.draw();
  }

  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    const place = this.at(event);
    this.pointers.set(event.pointerId, place);
    this.on.hover(-1);
    const ring = [this.toX(this.state.code[this.state.x]), this.heightOf(this.state.code)];
    const reach = event.pointerType === "mouse" ? 16 : 32;
    const near = Math.hypot(place[0] - ring[0], place[1] - ring[1]) < reach;
    this.drag = this.pointers.size > 1 ? "pinch" : near ? "ring" : "plane";
    this.moved = 0;
  }

  motion(event) {
    const place = this.at(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      const found = this.nearest(place);
      this.on.hover(found, place);
      return;
    }
    this.pointers.set(event.pointerId, place);
    const [dx, dy] = [place[0] - before[0], place[1] - before[1]];
    this.moved += Math.hypot(dx, dy);
    if (this.drag === "ring") {
      this.on.move(this.fromX(place[0]), this.fromY(place[1]));
    } else if (this.drag === "plane") {
      if (this.moved > 3) this.pan(dx, dy);
    } else if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const apart = (at) => Math.hypot(at[0] - other[0], at[1] - other[1]) || 1;
      this.pan(dx / 2, dy / 2);
      this.zoomBy(apart(place) / apart(before), [(place[0] + other[0]) / 2, (place[1] + other[1]) / 2]);
    }
  }

  release(event) {
    const place = this.pointers.get(event.pointerId);
    this.pointers.delete(event.pointerId);
    if (event.type === "pointerup" && place && this.drag === "plane" && this.moved <= 3) {
      const found = this.nearest(place);
      if (found >= 0) this.on.select(found);
      else this.on.move(this.fromX(place[0]), this.fromY(place[1]));
    }
    if (!this.pointers.size) this.drag = null;
  }

  key(event) {
    const step = event.altKey ? 1 : 8;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const { state } = this;
    if (way && event.shiftKey) {
      this.pan(-way[0] * 40, -way[1] * 40);
    } else if (way) {
      this.on.move(state.code[state.x] + (way[0] * step) / this.scaleX, state.code[state.y] - (way[1] * step) / this.scaleY);
    } else if (event.key === "+" || event.key === "=") {
      this.zoomBy(1.3, [this.toX(state.code[state.x]), this.heightOf(state.code)]);
    } else if (event.key === "-") {
      this.zoomBy(1 / 1.3, [this.toX(state.code[state.x]), this.heightOf(state.code)]);
    } else if (event.key === "0" || event.key === "Home") {
      this.fit();
    } else if (event.key === "n" || event.key === "p") {
      this.on.step(event.key === "n" ? 1 : -1);
    } else if (event.key === "Enter" || event.key === " ") {
      const found = this.nearest([this.toX(state.code[state.x]), this.heightOf(state.code)], Infinity);
      if (found >= 0) this.on.select(found);
    } else {
      return;
    }
    event.preventDefault();
  }

  // The shown sample that is nearest to a place on the canvas, if one is within reach; -1 for none.
  nearest([x, y], reach = 12) {
    const { side, chosen } = this.arranged();
    let [best, least] = [-1, reach * reach];
    for (let i = 0; i < this.space.count; i++) {
      if (!this.isShown(i)) continue;
      const dx = this.toX(this.codeX(i)) - x;
      const dy = this.toY(this.codeY(i)) - y;
      const away = chosen[i] && Math.abs(dx) < side / 2 && Math.abs(dy) < side / 2 ? 0.001 * (dx * dx + dy * dy) : dx * dx + dy * dy;
      if (away < least) [best, least] = [i, away];
    }
    return best;
  }

  // Which samples are shown as pictures, and how large: as many as do not hide each other, the same wherever the plane is panned to.
  arranged() {
    const { count } = this.space;
    const few = count <= 400;
    const side = !this.atlas || this.mode === "dots" ? 0
      : Math.round(Math.min(72, (few || this.mode === "pictures" ? 22 : 8) * Math.max(1, this.zoom ** 0.6)));
    const wanted = side >= 18 || (this.mode === "pictures" && side > 0);
    const key = [this.zoom, side, wanted, this.state.x, this.state.y, this.width, [...this.state.hidden].join()].join("|");
    if (this.layout?.key === key) return this.layout;
    const chosen = new Uint8Array(count);
    if (wanted) {
      const cells = new Map();
      for (let i = 0; i < count; i++) {
        if (!this.isShown(i) || this.space.pictures.placeOf(i) < 0) continue;
        const x = (this.codeX(i) - this.spanX[0]) * this.scaleX;
        const y = (this.codeY(i) - this.spanY[0]) * this.scaleY;
        const [column, row] = [Math.floor(x / side), Math.floor(y / side)];
        let free = true;
        for (let dr = -1; dr <= 1 && free; dr++) {
          for (let dc = -1; dc <= 1 && free; dc++) {
            const other = cells.get((row + dr) * 100003 + column + dc);
            free = !other || Math.abs(other[0] - x) >= side || Math.abs(other[1] - y) >= side;
          }
        }
        if (free) {
          cells.set(row * 100003 + column, [x, y]);
          chosen[i] = 1;
        }
      }
    }
    this.layout = { key, chosen, side };
    return this.layout;
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => this.paintNow());
  }

  paintNow() {
    cancelAnimationFrame(this.waiting);
    this.waiting = 0;
    if (!this.width) return;
    const { context, ratio, width, height } = this;
    const style = getComputedStyle(this.canvas);
    this.colour = (name) => style.getPropertyValue(name).trim();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.paintAxes();
    this.paintSamples();
    this.paintWalk();
    this.paintRing();
  }

  paintAxes() {
    const { context, width, height, space, state } = this;
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = this.colour("--quiet");
    context.strokeStyle = this.colour("--line");
    context.lineWidth = 1;
    context.textAlign = "center";
    for (const [value, text] of axisTicks(space, state.x, this.fromX(0), this.fromX(width), 7)) {
      const x = Math.round(this.toX(value)) + 0.5;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, height);
      context.stroke();
      if (x > 30 && x < width - 30) context.fillText(text, x, height - 6);
    }
    context.textAlign = "left";
    // A code of one number has one axis.
    const up = state.x === state.y ? [] : axisTicks(space, state.y, this.fromY(height), this.fromY(0), 6);
    for (const [value, text] of up) {
      const y = Math.round(this.toY(value)) + 0.5;
      context.beginPath();
      context.moveTo(0, y);
      context.lineTo(width, y);
      context.stroke();
      if (y > 20 && y < height - 20) context.fillText(text, 6, y - 4);
    }
    if (!space.prior) return;
    // One and two standard deviations of the prior.
    context.setLineDash([4, 4]);
    for (const radius of [1, 2]) {
      context.beginPath();
      context.ellipse(this.toX(0), this.toY(0), radius * this.scaleX, radius * this.scaleY, 0, 0, 2 * Math.PI);
      context.stroke();
    }
    context.setLineDash([]);
  }

  paintSamples() {
    const { context, space, state, width, height } = this;
    const { side, chosen } = this.arranged();
    const radius = (space.count > 3000 ? 1.4 : space.count > 500 ? 2.2 : 3.5) * Math.min(2, Math.max(1, this.zoom ** 0.25));
    const pictures = [];
    const groups = new Map();
    const [sx, sy] = [this.scaleX, this.scaleY];
    const [ox, oy] = [width / 2 - this.middle[0] * sx, height / 2 + this.middle[1] * sy];
    for (let i = 0; i < space.count; i++) {
      if (!this.isShown(i)) continue;
      const x = this.codeX(i) * sx + ox;
      const y = oy - this.codeY(i) * sy;
      if (x < -40 || y < -40 || x > width + 40 || y > height + 40) continue;
      if (chosen[i]) {
        pictures.push(i, x, y);
        continue;
      }
      const label = space.labels[i];
      if (!groups.has(label)) groups.set(label, []);
      groups.get(label).push(x, y);
    }
    context.globalAlpha = space.count > 3000 ? 0.75 : 0.9;
    for (const [label, places] of groups) {
      context.fillStyle = this.classColour(label);
      context.beginPath();
      for (let k = 0; k < places.length; k += 2) {
        if (radius < 2.2) {
          context.rect(places[k] - radius, places[k + 1] - radius, 2 * radius, 2 * radius);
        } else {
          context.moveTo(places[k] + radius, places[k + 1]);
          context.arc(places[k], places[k + 1], radius, 0, 6.2832);
        }
      }
      context.fill();
    }
    context.globalAlpha = 1;
    if (pictures.length) this.paintPictures(pictures, side);
    for (const i of [state.selected, state.hovered]) {
      if (i < 0) continue;
      context.strokeStyle = this.colour("--ink");
      context.lineWidth = 2;
      context.beginPath();
      const reach = chosen[i] ? side / 2 + 2 : radius + 3;
      const [x, y] = [this.toX(this.codeX(i)), this.toY(this.codeY(i))];
      if (chosen[i]) context.rect(x - reach, y - reach, 2 * reach, 2 * reach);
      else context.arc(x, y, reach, 0, 6.2832);
      context.stroke();
    }
  }

  paintPictures(pictures, side) {
    const { context, atlas, space } = this;
    const sheet = atlas.canvas();
    const tall = atlas.height > atlas.width;
    const w = tall ? (side * atlas.width) / atlas.height : side;
    const h = tall ? side : (side * atlas.height) / atlas.width;
    context.imageSmoothingEnabled = w < atlas.width * 1.2;
    for (let k = 0; k < pictures.length; k += 3) {
      const [i, x, y] = pictures.slice(k, k + 3);
      const [fromX, fromY] = atlas.place(space.pictures.placeOf(i));
      context.drawImage(sheet, fromX, fromY, atlas.width, atlas.height, x - w / 2, y - h / 2, w, h);
      if (space.classes.length > 1) {
        context.fillStyle = this.classColour(space.labels[i]);
        context.fillRect(x - w / 2, y + h / 2 - 2, w, 2);
      }
    }
  }

  paintWalk() {
    const { context, state } = this;
    const ends = [["A", state.from], ["B", state.to]].filter(([, code]) => code);
    context.strokeStyle = this.colour("--accent");
    context.lineWidth = 1.5;
    if (ends.length === 2) {
      context.setLineDash([5, 4]);
      context.beginPath();
      context.moveTo(this.toX(state.from[state.x]), this.heightOf(state.from));
      context.lineTo(this.toX(state.to[state.x]), this.heightOf(state.to));
      context.stroke();
      context.setLineDash([]);
    }
    context.font = "600 12px system-ui, sans-serif";
    context.textAlign = "center";
    for (const [name, code] of ends) {
      const [x, y] = [this.toX(code[state.x]), this.heightOf(code)];
      context.fillStyle = this.colour("--accent");
      context.beginPath();
      context.arc(x, y, 9, 0, 6.2832);
      context.fill();
      context.fillStyle = this.colour("--paper");
      context.fillText(name, x, y + 4);
    }
  }

  paintRing() {
    const { context, state } = this;
    const [x, y] = [this.toX(state.code[state.x]), this.heightOf(state.code)];
    for (const [colour, line] of [["--paper", 7], ["--accent", 3.5]]) {
      context.strokeStyle = this.colour(colour);
      context.lineWidth = line;
      context.beginPath();
      context.arc(x, y, 11, 0, 6.2832);
      context.stroke();
    }
    context.fillStyle = this.colour("--accent");
    context.fillRect(x - 1, y - 1, 2, 2);
  }

  classColour(label) {
    if (this.space.classes.length < 2 || label === FREE) return this.colour("--dot");
    return classColour(label, this.colour);
  }
}

// Ten colours of the style sheet, beyond them hues that are far from their neighbours.
function classColour(label, colour) {
  return label < 10 ? colour(`--c${label}`) : `hsl(${(label * 137.5) % 360} 55% 52%)`;
}

// Ticks of an axis with what they say: round numbers of the code, or of the column that it is.
function axisTicks(space, dimension, low, high, most) {
  const columns = space.asColumn && space.signal.values.columns;
  const place = space.signal.order.length ? space.signal.order[dimension] : dimension;
  if (!columns || columns.knots[place].length) return ticks(low, high, most).map((value) => [value, axisText(space, dimension, value)]);
  const [shift, scale] = [columns.shift[place], columns.scale[place]];
  return ticks(low * scale + shift, high * scale + shift, most).map((value) => [(value - shift) / scale, shown(value)]);
}

// Columns of a table have numbers of their own; codes are what they are.
function axisText(space, dimension, value) {
  if (!space.asColumn || !space.signal.values.columns) return shown(value);
  const { order } = space.signal;
  return shown(inUnits(space.signal.values.columns, order.length ? order[dimension] : dimension, value));
}
