// Numbers as the page carries them: base64 of little-endian typed arrays.

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function singles(base64) {
  const bytes = bytesOf(base64);
  const view = new DataView(bytes.buffer);
  const numbers = new Float32Array(bytes.length >> 2);
  for (let i = 0; i < numbers.length; i++) numbers[i] = view.getFloat32(4 * i, true);
  return numbers;
}

function shorts(base64) {
  const bytes = bytesOf(base64);
  const numbers = new Uint16Array(bytes.length >> 1);
  for (let i = 0; i < numbers.length; i++) numbers[i] = bytes[2 * i] | (bytes[2 * i + 1] << 8);
  return numbers;
}

// Half precision: a sign, 5 bits of exponent, 10 of fraction.
function halves(base64) {
  const bits = shorts(base64);
  const numbers = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const exponent = (bits[i] >> 10) & 31;
    const fraction = bits[i] & 1023;
    const size =
      exponent === 0 ? fraction * 2 ** -24
      : exponent < 31 ? (1 + fraction / 1024) * 2 ** (exponent - 15)
      : fraction ? NaN : Infinity;
    numbers[i] = bits[i] & 0x8000 ? -size : size;
  }
  return numbers;
}

const numbersOf = (packed) => (packed.kind === "f16" ? halves : singles)(packed.data);

// As many digits as a person wants, with the decimal sign of the page's language.
function shown(value) {
  if (!Number.isFinite(value)) return "–";
  const magnitude = Math.abs(value);
  if (magnitude === 0) return "0";
  const digits = magnitude >= 1000 ? 0 : magnitude >= 100 ? 1 : magnitude >= 1 ? 2 : magnitude >= 0.1 ? 3 : 4;
  const text = magnitude >= 1e7 || magnitude < 1e-3 ? value.toExponential(2) : value.toFixed(digits);
  const trimmed = text.includes("e") ? text : text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  return (document.documentElement.lang === "es" ? trimmed.replace(".", ",") : trimmed).replace("-", "−");
}
