// Hashes of the ledger's tree, checked as RFC 9162 §2.1 says; used by verify.js.

export function same(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export function joined(...parts) {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export function leaf_hash(body) {
  return sha256(joined([0], body));
}

function node_hash(left, right) {
  return sha256(joined([1], left, right));
}

// §2.1.3.2: does the path lead from the leaf to the root?
export async function includes(leaf, index, size, path, root) {
  if (!(0 <= index && index < size)) return false;
  let [first, last, current] = [BigInt(index), BigInt(size) - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) return false;
    if (first & 1n || first === last) {
      current = await node_hash(sibling, current);
      for (; !(first & 1n) && first; first >>= 1n) last >>= 1n;
    } else {
      current = await node_hash(current, sibling);
    }
    first >>= 1n;
    last >>= 1n;
  }
  return last === 0n && same(current, root);
}

// §2.1.4.2: does the newer tree continue the older one?
export async function continues(old, old_root, size, root, path) {
  if (!(0 < old && old < size) || !path.length) return false;
  const steps = (BigInt(old) & BigInt(old - 1)) === 0n ? [old_root, ...path] : [...path];
  let [first, last] = [BigInt(old - 1), BigInt(size - 1)];
  for (; first & 1n; first >>= 1n) last >>= 1n;
  let past = steps.shift();
  let now = past;
  for (const sibling of steps) {
    if (last === 0n) return false;
    if (first & 1n || first === last) {
      past = await node_hash(sibling, past);
      now = await node_hash(sibling, now);
      for (; !(first & 1n) && first; first >>= 1n) last >>= 1n;
    } else {
      now = await node_hash(now, sibling);
    }
    first >>= 1n;
    last >>= 1n;
  }
  return last === 0n && same(past, old_root) && same(now, root);
}
