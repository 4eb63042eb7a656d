// The pictures of the samples, and how they are painted.
//
// They come as they are, a byte a value, or in a few steps, coded by rANS (Duda 2013): a symbol's probability goes by what stands left
// of it, above it and beyond the corner. `espejo_report::PackedPictures` is the other side.

function unpack(packed) {
  if (!packed.frequencies) return bytesOf(packed.data);
  const { levels, width, height } = packed;
  const stream = bytesOf(packed.data);
  const frequencies = shorts(packed.frequencies);
  const contexts = frequencies.length / levels;
  const starts = new Uint16Array(frequencies.length);
  const symbols = new Uint8Array(contexts * 4096);
  for (let context = 0; context < contexts; context++) {
    for (let symbol = 0, start = 0; symbol < levels; symbol++) {
      const at = context * levels + symbol;
      starts[at] = start;
      symbols.fill(symbol, context * 4096 + start, context * 4096 + start + frequencies[at]);
      start += frequencies[at];
    }
  }
  const coarse = Uint8Array.from({ length: levels }, (_, level) => Math.floor((4 * level) / levels));
  const steps = new Uint8Array(packed.planes * width * height);
  let at = 0;
  let state = (stream[0] | (stream[1] << 8) | (stream[2] << 16) | (stream[3] << 24)) >>> 0;
  let next = 4;
  for (let plane = 0; plane < packed.planes; plane++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        const left = x ? steps[at - 1] : 0;
        const up = y ? steps[at - width] : 0;
        const corner = x && y ? steps[at - width - 1] : 0;
        const context = (left * levels + up) * 4 + coarse[corner];
        const slot = state & 4095;
        const symbol = symbols[context * 4096 + slot];
        const entry = context * levels + symbol;
        state = frequencies[entry] * (state >>> 12) + slot - starts[entry];
        while (state < 8388608) state = (state * 256 + stream[next++]) >>> 0;
        steps[at] = symbol;
      }
    }
  }
  for (let i = 0; i < steps.length; i++) steps[i] = Math.round((steps[i] * 255) / (levels - 1));
  return steps;
}

// A picture of bytes or of numbers in [0, 1] into the pixels of a canvas. `ink`: dark on light paper.
function imageData(values, { channels, height, width }, ink, from = 0, most = 255) {
  const image = new ImageData(width, height);
  const area = width * height;
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) {
      const value = values[from + (channels === 3 ? c * area : 0) + i] * (255 / most);
      image.data[4 * i + c] = ink ? 255 - 0.92 * value : value;
    }
    image.data[4 * i + 3] = 255;
  }
  return image;
}

function paint(canvas, image) {
  if (canvas.width !== image.width) canvas.width = image.width;
  if (canvas.height !== image.height) canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// All pictures on one canvas, made when they are first wanted; large ones smaller, so that every browser holds it.
class Atlas {
  constructor(pictures) {
    this.pictures = pictures;
    const { count, shape } = pictures;
    const longest = Math.max(shape.width, shape.height);
    let side = Math.min(1, 64 / longest);
    while (count * (shape.width * side) * (shape.height * side) > 14e6) side *= 0.8;
    this.width = Math.max(1, Math.round(shape.width * side));
    this.height = Math.max(1, Math.round(shape.height * side));
    this.columns = Math.max(1, Math.min(count, Math.floor(3600 / this.width), Math.ceil(Math.sqrt((count * this.height) / this.width))));
  }

  canvas() {
    if (this.made) return this.made;
    const { count, shape, values, ink } = this.pictures;
    this.made = document.createElement("canvas");
    this.made.width = this.columns * this.width;
    this.made.height = Math.ceil(count / this.columns) * this.height;
    const context = this.made.getContext("2d");
    const small = this.width !== shape.width || this.height !== shape.height;
    const one = document.createElement("canvas");
    for (let i = 0; i < count; i++) {
      const image = imageData(values, shape, ink, i * size([shape.channels, shape.height, shape.width]));
      const [x, y] = this.place(i);
      if (!small) {
        context.putImageData(image, x, y);
      } else {
        paint(one, image);
        context.drawImage(one, x, y, this.width, this.height);
      }
    }
    return this.made;
  }

  place(i) {
    return [(i % this.columns) * this.width, Math.floor(i / this.columns) * this.height];
  }
}
