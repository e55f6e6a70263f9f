// Checks an issued report from docs/proofs.md alone: RECORD, FILE and HISTORY, kept apart. It is the second verifier, written
// independently of governance/verifier/verify_report.py, so that a mistake in one is seen by the other. It runs in a browser or in
// Node, reads bytes it is given and sends nothing anywhere. WebCrypto does SHA-256 and Ed25519.
import { attachments_of } from "./verify-pdf.js";
import { continues, includes, joined, leaf_hash, same, sha256 } from "./verify-tree.js";
import { Fault } from "./verify-zlib.js";

const LONGEST_TEXT = 65536;
const LONGEST_BODY = 16384;
const NAME = /^[A-Za-z0-9._/-]{1,200}$/;
const UUID = /\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
const ATTACHED = ["checkpoint.txt", "event.json", "keys.json", "record.json", "record.tlog-proof"];
const PREPARED = ["ReportPrepared", "PaperPrepared"];
const ISSUED = ["ReportIssued", "PaperIssued"];

// -- bytes ---------------------------------------------------------------------------------------------------------------------

function utf8(text) {
  return new TextEncoder().encode(text);
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function text_of(bytes, code) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Fault(code, "no UTF-8");
  }
}

// -- §2: everything has one form ----------------------------------------------------------------------------------------------

function whole(word, code) {
  const number = Number(word);
  if (!/^(0|[1-9][0-9]{0,15})$/.test(word) || !Number.isSafeInteger(number)) throw new Fault(code, `whole number: ${word}`);
  return number;
}

function base64(word, code) {
  try {
    if (btoa(atob(word)) === word) return Uint8Array.from(atob(word), (letter) => letter.charCodeAt(0));
  } catch {
    // said below
  }
  throw new Fault(code, `base64: ${word}`);
}

function hash(word, code) {
  const bytes = base64(word, code);
  if (bytes.length !== 32) throw new Fault(code, `hash: ${word}`);
  return bytes;
}

function written(value) {
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new Fault("json", "half of a surrogate pair");
    return JSON.stringify(value);
  }
  if (typeof value === "number" && !(Number.isSafeInteger(value) && !Object.is(value, -0))) throw new Fault("json", "number");
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${written(key)}:${written(value[key])}`).join(",")}}`;
}

// The value of canonical JSON: writing it again must give the same text.
export function canonical(bytes) {
  const text = text_of(bytes, "json");
  let again = null;
  let value;
  try {
    value = JSON.parse(text);
    again = written(value);
  } catch (error) {
    throw new Fault("json", error instanceof Fault ? error.detail : "no JSON");
  }
  if (again !== text) throw new Fault("json", "not in the one form");
  return value;
}

// Lines of a text file, without the last LF.
function lines_of(bytes, code) {
  if (bytes.length > LONGEST_TEXT) throw new Fault(code, "too long");
  const text = text_of(bytes, code);
  if (!text.endsWith("\n")) throw new Fault(code, "no LF at the end");
  return text.slice(0, -1).split("\n");
}

// -- §3 keys, §4 checkpoints ---------------------------------------------------------------------------------------------------

// The key written in a vkey line. Throws Fault("vkey").
export async function key_of(line) {
  const found = /^([A-Za-z0-9._/-]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line);
  if (!found) throw new Fault("vkey", line);
  const [, name, id, code] = found;
  const bytes = base64(code, "vkey");
  if (bytes.length !== 33 || bytes[0] !== 1) throw new Fault("vkey", line);
  const expected = (await sha256(joined(utf8(`${name}\n`), bytes))).subarray(0, 4);
  if (hex(expected) !== id) throw new Fault("vkey", line);
  return { name, id: expected, bytes: bytes.subarray(1), fingerprint: hex(await sha256(utf8(line))) };
}

function signature_of(line, code) {
  const found = /^\u2014 (\S+) (\S+)$/.exec(line);
  if (!found || !NAME.test(found[1])) throw new Fault(code, `signature line: ${line}`);
  const bytes = base64(found[2], code);
  if (bytes.length < 5 || bytes.length > 8192) throw new Fault(code, `signature line: ${line}`);
  return { name: found[1], id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

function checkpoint_of(lines, code) {
  const [origin, size, root, empty, ...rest] = lines;
  const uuid = UUID.exec(origin ?? "")?.[1];
  if (lines.length < 5 || !NAME.test(origin) || !uuid || empty !== "") throw new Fault(code, "checkpoint");
  if (rest.length > 16) throw new Fault(code, "more than 16 signatures");
  const signatures = rest.map((line) => signature_of(line, code));
  const names = signatures.map((each) => `${each.name}+${hex(each.id)}`);
  if (new Set(names).size !== names.length) throw new Fault(code, "a signature stands twice");
  const number = whole(size, code);
  if (number < 1) throw new Fault(code, "size");
  return { origin, uuid, size: number, root: hash(root, code), text: utf8(`${origin}\n${size}\n${root}\n`), signatures };
}

async function signed_by(key, text, signature) {
  if (signature.length !== 64) return false;
  key.imported ??= await crypto.subtle.importKey("raw", key.bytes, { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, key.imported, signature, text);
}

// The key that signed a checkpoint. Throws Fault: `key` when no given key did, `signature` when the signature of one is wrong.
async function signer_of(checkpoint, keys) {
  let found = null;
  for (const line of checkpoint.signatures) {
    for (const key of keys) {
      if (key.name !== checkpoint.origin || line.name !== key.name || !same(line.id, key.id)) continue;
      const right = await signed_by(key, checkpoint.text, line.signature).catch(() => false);
      if (!right) throw new Fault("signature", key.fingerprint);
      found ??= key;
    }
  }
  if (!found) throw new Fault("key", checkpoint.origin);
  return found;
}

// -- §5 proofs, §7 consistency -------------------------------------------------------------------------------------------------

function proof_of(bytes, with_extra) {
  const lines = lines_of(bytes, "proof");
  if (lines.shift() !== "c2sp.org/tlog-proof@v1") throw new Fault("proof", "first line");
  let extra = null;
  if (with_extra) {
    if (!lines[0]?.startsWith("extra ")) throw new Fault("proof", "no extra line");
    extra = base64(lines.shift().slice(6), "proof");
  }
  const index = /^index (\S+)$/.exec(lines.shift() ?? "");
  if (!index) throw new Fault("proof", "index");
  const end = lines.indexOf("");
  if (end < 0 || end > 63) throw new Fault("proof", "siblings");
  const path = lines.slice(0, end).map((line) => hash(line, "proof"));
  const note = lines.slice(end + 1);
  const checkpoint = checkpoint_of(note, "proof");
  return { extra, index: whole(index[1], "proof"), path, checkpoint, note: utf8(`${note.join("\n")}\n`) };
}

function consistency_of(bytes) {
  const lines = lines_of(bytes, "consistency");
  const old = /^old (\S+)$/.exec(lines[1] ?? "");
  const end = lines.indexOf("");
  if (lines[0] !== "governance/tlog-consistency@v1" || !old || end < 2 || end > 130) throw new Fault("consistency", "form");
  const path = lines.slice(2, end).map((line) => hash(line, "consistency"));
  return { old: whole(old[1], "consistency"), path, newer: checkpoint_of(lines.slice(end + 1), "consistency") };
}

function is_object(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

// A body says it is the entry of this number in this ledger, of one of these types.
function check_event(body, bytes, proof, types) {
  if (!is_object(body) || bytes.length > LONGEST_BODY) throw new Fault("event", "shape");
  if (body.v !== 1) throw new Fault("event", "v");
  if (body.log !== proof.checkpoint.uuid) throw new Fault("event", "log");
  if (body.seq !== proof.index) throw new Fault("event", "seq");
  if (!types.includes(body.type)) throw new Fault("event", "type");
  if (!is_object(body.refs)) throw new Fault("event", "refs");
}

function referred(body, name) {
  return Object.hasOwn(body.refs, name) ? body.refs[name] : null;
}

// What the entry calls the report, so that nobody takes one confirmed report for another.
function number_in(body) {
  return is_object(body.codes) && typeof body.codes.number === "string" ? body.codes.number : "";
}

async function check_included(body, proof) {
  const { size, root } = proof.checkpoint;
  if (!(await includes(await leaf_hash(body), proof.index, size, proof.path, root))) throw new Fault("inclusion", proof.index);
}

// -- §8 verdicts ---------------------------------------------------------------------------------------------------------------

async function keys_in(bytes) {
  const value = canonical(bytes);
  const times = (each) => is_time(each.from) && (each.until === null || is_time(each.until));
  const shaped = is_object(value) && exactly(value, ["keys", "origin"]) && typeof value.origin === "string";
  if (!shaped || !Array.isArray(value.keys)) throw new Fault("json", "keys.json");
  return Promise.all(
    value.keys.map((each) => {
      if (!is_object(each) || !exactly(each, ["from", "until", "vkey"]) || typeof each.vkey !== "string" || !times(each)) {
        throw new Fault("json", "keys.json");
      }
      return key_of(each.vkey).catch(() => {
        throw new Fault("json", "keys.json");
      });
    }),
  );
}

function exactly(value, keys) {
  return Object.keys(value).sort().join() === keys.join();
}

function is_time(value) {
  return typeof value === "string" && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/.test(value);
}

async function parts_of(pdf) {
  const files = await attachments_of(pdf);
  const names = [...files.keys()];
  if (names.join() !== ATTACHED.join()) throw new Fault("attachments", names.join(", "));
  return files;
}

async function record_of(files, keys, inside) {
  const record = files.get("record.json");
  canonical(record);
  const event = files.get("event.json");
  const body = canonical(event);
  const embedded = await keys_in(files.get("keys.json"));
  const proof = proof_of(files.get("record.tlog-proof"), false);
  if (!same(files.get("checkpoint.txt"), proof.note)) throw new Fault("checkpoint");
  const key = await signer_of(proof.checkpoint, inside ? embedded : keys);
  check_event(body, event, proof, PREPARED);
  if (referred(body, "record") !== hex(await sha256(record))) throw new Fault("event", "refs.record");
  await check_included(event, proof);
  return { key, checkpoint: proof.checkpoint, number: number_in(body) };
}

async function file_of(pdf, sidecar, keys) {
  const proof = proof_of(sidecar, true);
  const body = canonical(proof.extra);
  const key = await signer_of(proof.checkpoint, keys);
  check_event(body, proof.extra, proof, ISSUED);
  if (referred(body, "file") !== hex(await sha256(pdf))) throw new Fault("file");
  await check_included(proof.extra, proof);
  return { key, checkpoint: proof.checkpoint, number: number_in(body) };
}

async function compared(saved, other, files) {
  if (saved.origin !== other.origin) throw new Fault("origin", other.origin);
  if (saved.size === other.size) {
    if (!same(saved.root, other.root)) throw new Fault("fork", saved.size);
    return;
  }
  const [older, newer] = saved.size < other.size ? [saved, other] : [other, saved];
  const fitting = files.filter(
    (each) => each.old === older.size && each.newer.size === newer.size && same(each.newer.root, newer.root),
  );
  if (!fitting.length) throw new Fault("no_consistency", `${older.size} → ${newer.size}`);
  for (const each of fitting) {
    if (!(await continues(older.size, older.root, newer.size, newer.root, each.path))) throw new Fault("fork", newer.size);
  }
}

const UNCHECKED = ["no_sidecar", "no_checkpoint", "nothing", "no_consistency", "no_key"];

async function verdict(act) {
  try {
    return { state: "ok", code: "ok", detail: "", ...(await act()) };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return { state: UNCHECKED.includes(fault.code) ? "unchecked" : "wrong", code: fault.code, detail: fault.detail };
  }
}

async function history_of(given, keys, verdicts) {
  if (!given.saved) throw new Fault("no_checkpoint");
  if (!keys.length) throw new Fault("no_key");
  const saved = checkpoint_of(lines_of(given.saved, "saved"), "saved");
  await signer_of(saved, keys);
  const others = verdicts.filter((each) => each.state === "ok").map((each) => each.checkpoint);
  if (!others.length) throw new Fault("nothing");
  const files = given.consistency.map(consistency_of);
  for (const each of files) await signer_of(each.newer, keys).catch(() => Promise.reject(new Fault("consistency", "not signed")));
  let missing = null;
  for (const other of others) {
    await compared(saved, other, files).catch((fault) => {
      if (fault.code !== "no_consistency") throw fault;
      missing ??= fault;
    });
  }
  if (missing) throw missing;
  return { checkpoint: saved };
}

// What only an untrusted key says is not checked at all: the fingerprint is for the reader to compare.
function untrusted(found) {
  if (found.state !== "ok") return found;
  return { ...found, state: "unchecked", code: "no_key", detail: found.key.fingerprint };
}

let able = false;

async function need_ed25519() {
  if (!globalThis.crypto?.subtle) throw new Fault("no_crypto");
  if (able) return;
  await crypto.subtle.importKey("raw", new Uint8Array(32).fill(9), { name: "Ed25519" }, false, ["verify"]).catch((error) => {
    if (error.name === "NotSupportedError" || error.name === "TypeError") throw new Fault("no_crypto");
  });
  able = true;
}

// The three verdicts over a PDF (bytes): {record, file, history}, each {state, code, detail}. `given` may hold `keys` (trusted vkey
// lines), `sidecar`, `saved` (bytes) and `consistency` (list of bytes). Throws Fault `vkey` for a key that is none, `no_crypto`.
export async function verify(pdf, given = {}) {
  await need_ed25519();
  const all = { keys: [], sidecar: null, saved: null, consistency: [], ...given };
  const keys = await Promise.all(all.keys.map(key_of));
  const inside = !keys.length;
  let [files, refused] = [null, null];
  try {
    files = await parts_of(pdf);
  } catch (fault) {
    refused = fault;
  }
  const record = await verdict(() => (refused ? Promise.reject(refused) : record_of(files, keys, inside)));
  const known = inside && files ? await keys_in(files.get("keys.json")).catch(() => []) : keys;
  const file = await verdict(() => {
    if (!all.sidecar) throw new Fault("no_sidecar");
    return file_of(pdf, all.sidecar, known);
  });
  const history = await verdict(() => history_of(all, keys, [record, file]));
  return { record: inside ? untrusted(record) : record, file: inside ? untrusted(file) : file, history };
}
