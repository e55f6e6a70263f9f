// Lets the browser's verifier judge many cases in one process: lines of JSON in, lines of JSON out.
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { Fault } = await import(pathToFileURL(`${process.argv[2]}/verify-zlib.js`));
const { verify } = await import(pathToFileURL(`${process.argv[2]}/verify.js`));
const { sentence } = await import(pathToFileURL(`${process.argv[2]}/verify-words.js`));
// The same digests, without a thread for each of them.
crypto.subtle.digest = async (_, data) => new Uint8Array(createHash("sha256").update(data).digest());
const bytes = (text) => (text === null ? null : new Uint8Array(Buffer.from(text, "base64")));

for await (const line of createInterface({ input: process.stdin })) {
  const { pdf, sidecar, keys, saved, consistency } = JSON.parse(line);
  const given = { keys, sidecar: bytes(sidecar), saved: bytes(saved), consistency: consistency.map(bytes) };
  const told = {};
  try {
    const found = await verify(bytes(pdf), given);
    for (const kind of ["record", "file", "history"]) {
      const { state, code, detail } = found[kind];
      told[kind] = [state, code, detail, sentence(kind, found[kind], "ja"), sentence(kind, found[kind], "en")];
    }
  } catch (error) {
    told.refused = error instanceof Fault ? error.code : String(error.stack);
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
