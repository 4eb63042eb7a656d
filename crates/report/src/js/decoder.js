// A net of plain numbers: the layers of `espejo_export::Graph`, one sample at a time.
//
// Shapes are [channels, height, width], values row-major. Weights are consumed in the order in which the layers name them.

// erf, by the Chebyshev fit of erfc in Numerical Recipes, good to 1.2e-7.
function erf(x) {
  const t = 1 / (1 + 0.5 * Math.abs(x));
  const series = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 +
    t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  const complement = t * Math.exp(-x * x + series);
  return x >= 0 ? 1 - complement : complement - 1;
}

const activations = {
  relu: (a) => (a > 0 ? a : 0),
  "leaky-relu": (a) => (a > 0 ? a : 0.01 * a),
  elu: (a) => (a > 0 ? a : Math.expm1(a)),
  gelu: (a) => 0.5 * a * (1 + erf(a / Math.SQRT2)),
  silu: (a) => a / (1 + Math.exp(-a)),
  tanh: Math.tanh,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
};

function activate(name, values, from = 0, to = values.length) {
  if (name === "linear") return;
  const f = activations[name];
  for (let i = from; i < to; i++) values[i] = f(values[i]);
}

const size = (map) => map[0] * map[1] * map[2];

function dense({ weight, bias }, take) {
  const [outputs, inputs] = weight.shape;
  const w = take(weight);
  const b = take(bias);
  const out = new Float32Array(outputs);
  return (x) => {
    for (let o = 0, at = 0; o < outputs; o++) {
      let sum = b[o];
      for (let i = 0; i < inputs; i++) sum += w[at++] * x[i];
      out[o] = sum;
    }
    return out;
  };
}

function conv({ weight, bias, stride, padding }, take, input, output) {
  const [outputs, inputs, kernelHeight, kernelWidth] = weight.shape;
  const [, height, width] = input;
  const [, outHeight, outWidth] = output;
  const [[top], [left]] = padding;
  const w = take(weight);
  const b = take(bias);
  const area = outHeight * outWidth;
  const out = new Float32Array(outputs * area);
  return (x) => {
    for (let o = 0; o < outputs; o++) out.fill(b[o], o * area, (o + 1) * area);
    for (let o = 0, at = 0; o < outputs; o++) {
      for (let c = 0; c < inputs; c++) {
        for (let ky = 0; ky < kernelHeight; ky++) {
          for (let kx = 0; kx < kernelWidth; kx++, at++) {
            const one = w[at];
            if (one === 0) continue;
            // The columns of the output whose input column lies within the map.
            const first = Math.max(0, Math.ceil((left - kx) / stride));
            const last = Math.min(outWidth - 1, Math.floor((width - 1 + left - kx) / stride));
            for (let oy = 0; oy < outHeight; oy++) {
              const iy = oy * stride + ky - top;
              if (iy < 0 || iy >= height) continue;
              let from = (c * height + iy) * width + first * stride + kx - left;
              let to = (o * outHeight + oy) * outWidth + first;
              for (let ox = first; ox <= last; ox++, from += stride) out[to++] += one * x[from];
            }
          }
        }
      }
    }
    return out;
  };
}

// Stride 2: each value of the input is spread over a window of the output.
function transposed({ weight, bias, padding }, take, input, output) {
  const [inputs, outputs, kernel] = weight.shape;
  const [, height, width] = input;
  const [, outHeight, outWidth] = output;
  const w = take(weight);
  const b = take(bias);
  const area = outHeight * outWidth;
  const out = new Float32Array(outputs * area);
  return (x) => {
    for (let o = 0; o < outputs; o++) out.fill(b[o], o * area, (o + 1) * area);
    for (let c = 0, at = 0; c < inputs; c++) {
      for (let o = 0; o < outputs; o++) {
        for (let ky = 0; ky < kernel; ky++) {
          for (let kx = 0; kx < kernel; kx++, at++) {
            const one = w[at];
            for (let iy = 0; iy < height; iy++) {
              const oy = 2 * iy + ky - padding;
              if (oy < 0 || oy >= outHeight) continue;
              const from = (c * height + iy) * width;
              const to = (o * outHeight + oy) * outWidth;
              for (let ix = 0; ix < width; ix++) {
                const ox = 2 * ix + kx - padding;
                if (ox >= 0 && ox < outWidth) out[to + ox] += one * x[from + ix];
              }
            }
          }
        }
      }
    }
    return out;
  };
}

function maxPool({ kernel, stride, padding }, take, input, output) {
  const [channels, height, width] = input;
  const [, outHeight, outWidth] = output;
  const [[top], [left]] = padding;
  const out = new Float32Array(size(output));
  return (x) => {
    for (let c = 0, at = 0; c < channels; c++) {
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++, at++) {
          let most = -Infinity;
          for (let ky = 0; ky < kernel[0]; ky++) {
            const iy = oy * stride + ky - top;
            if (iy < 0 || iy >= height) continue;
            for (let kx = 0; kx < kernel[1]; kx++) {
              const ix = ox * stride + kx - left;
              if (ix >= 0 && ix < width) most = Math.max(most, x[(c * height + iy) * width + ix]);
            }
          }
          out[at] = most;
        }
      }
    }
    return out;
  };
}

function upsample(take, input, output) {
  const [, height, width] = input;
  const [channels, outHeight, outWidth] = output;
  const out = new Float32Array(size(output));
  return (x) => {
    for (let c = 0, at = 0; c < channels; c++) {
      for (let oy = 0; oy < outHeight; oy++) {
        const row = (c * height + (oy >> 1)) * width;
        for (let ox = 0; ox < outWidth; ox++) out[at++] = x[row + (ox >> 1)];
      }
    }
    return out;
  };
}

function batchNorm({ weight, bias, mean, variance, epsilon }, take, input) {
  const [w, b, m, v] = [weight, bias, mean, variance].map(take);
  const area = input[1] * input[2];
  const out = new Float32Array(size(input));
  return (x) => {
    for (let c = 0, at = 0; c < w.length; c++) {
      const scale = w[c] / Math.sqrt(v[c] + epsilon);
      for (let i = 0; i < area; i++, at++) out[at] = scale * (x[at] - m[c]) + b[c];
    }
    return out;
  };
}

function embedding({ weight }, take) {
  const [vocabulary, dimension] = weight.shape;
  const w = take(weight);
  return (x) => {
    const out = new Float32Array(dimension * x.length);
    for (let i = 0; i < x.length; i++) {
      const id = Math.min(vocabulary - 1, Math.max(0, Math.trunc(x[i])));
      for (let d = 0; d < dimension; d++) out[d * x.length + i] = w[id * dimension + d];
    }
    return out;
  };
}

function skip({ layers, join }, take) {
  const inner = chain(layers, take);
  return (x) => {
    const around = Float32Array.from(x);
    const through = inner(x);
    if (join === "add") return around.map((value, i) => value + through[i]);
    const out = new Float32Array(around.length + through.length);
    out.set(around);
    out.set(through, around.length);
    return out;
  };
}

function softmax({ parts, numbers }) {
  return (x) => {
    const out = Float32Array.from(x);
    let start = 0;
    for (const part of [...parts, { start: x.length, end: x.length }]) {
      activate(numbers, out, start, part.start);
      let most = -Infinity;
      for (let i = part.start; i < part.end; i++) most = Math.max(most, x[i]);
      let sum = 0;
      for (let i = part.start; i < part.end; i++) sum += out[i] = Math.exp(x[i] - most);
      for (let i = part.start; i < part.end; i++) out[i] /= sum;
      start = part.end;
    }
    return out;
  };
}

function layerOf(layer, take) {
  if (layer.kind === "identity") return (x) => Float32Array.from(x);
  if (layer.kind === "upsample") return upsample(take, layer.input, layer.output);
  const [[kind, facts]] = Object.entries(layer.kind);
  const make = { dense, conv, transposed, max_pool: maxPool, batch_norm: batchNorm, embedding, skip, softmax }[kind];
  return make(facts, take, layer.input, layer.output);
}

function chain(layers, take) {
  const steps = layers.map((layer) => [layerOf(layer, take), layer.activation]);
  return (x) => steps.reduce((values, [step, activation]) => {
    const out = step(values);
    activate(activation, out);
    return out;
  }, x);
}

// A net as a function of a row. What it gives is overwritten by its next call.
function netOf({ layers, weights }) {
  const all = numbersOf(weights);
  let used = 0;
  const take = (tensor) => {
    const count = tensor.shape.reduce((a, b) => a * b, 1);
    return all.subarray(used, (used += count));
  };
  const run = chain(layers, take);
  if (used !== all.length) throw new Error(`${used} weights of ${all.length} are used`);
  return run;
}

// What a net sees or gives, in the order and units of the data.
function outside(signal, row) {
  const values = new Float64Array(row.length);
  row.forEach((value, place) => { values[signal.order.length ? signal.order[place] : place] = value; });
  const { columns, pixels } = signal.values;
  if (columns) {
    values.forEach((value, place) => { values[place] = inUnits(columns, place, value); });
  } else if (pixels) {
    // Pictures are drawn, so that 0 is black and 1 is white whatever the file calls them.
    values.forEach((value, place) => { values[place] = (value - pixels.net_low) / (1 - pixels.net_low); });
  }
  return values;
}

function inUnits(columns, place, scaled) {
  const knots = columns.knots[place];
  if (!knots.length) return scaled * columns.scale[place] + columns.shift[place];
  const last = knots.length - 1;
  const at = Math.min(1, Math.max(0, scaled)) * last;
  const below = Math.min(last - 1, Math.floor(at));
  return knots[below] + (knots[below + 1] - knots[below]) * (at - below);
}
