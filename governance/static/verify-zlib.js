// Compressed streams to their bytes, strictly, for verify-pdf.js; and the one error of all files of the verifier.

export class Fault extends Error {
  // A check that failed: its code in docs/proofs.md §8, and in English where in the file.
  constructor(code, detail = "") {
    super(`${code} ${detail}`);
    this.code = code;
    this.detail = String(detail).slice(0, 120);
  }
}

const LARGEST = 200_000_000;

async function collected(stream) {
  const parts = [];
  let size = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > LARGEST) throw new Fault("zlib", "too large");
    parts.push(value);
  }
  const whole = new Uint8Array(size);
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

function adler(bytes) {
  let [low, high] = [1, 0];
  for (let at = 0; at < bytes.length; ) {
    for (const end = Math.min(at + 3000, bytes.length); at < end; at += 1) {
      low += bytes[at];
      high += low;
    }
    low %= 65521;
    high %= 65521;
  }
  return [high >> 8, high & 255, low >> 8, low & 255];
}

// Zlib data to its bytes. The data must end with their own check sum: not every platform refuses what stands after their end.
export async function inflated(data) {
  const ends = [data.length];
  if (data.at(-1) === 10) ends.push(data.length - (data.at(-2) === 13 ? 2 : 1));
  if (data.at(-1) === 10 && data.at(-2) === 13) ends.push(data.length - 1);
  for (const end of ends) {
    const exact = data.subarray(0, end);
    try {
      const whole = await collected(new Blob([exact]).stream().pipeThrough(new DecompressionStream("deflate")));
      if (adler(whole).every((byte, i) => byte === exact[end - 4 + i])) return whole;
    } catch (error) {
      if (error instanceof Fault) throw error;
    }
  }
  throw new Fault("zlib", "damaged");
}
