// A strict reader of the attachments of a PDF (docs/proofs.md §6, ISO 32000-1 §7): what it does not expect, it refuses.
// It looks at nothing else in the file, runs nothing and draws nothing. Used by verify.js; needs only what browsers and Node offer.

import { Fault, inflated } from "./verify-zlib.js";

const DEEPEST = 40;
const latin = new TextDecoder("latin1");
const SPACE = new Set([0, 9, 10, 12, 13, 32]);
const DELIMITER = new Set([..."()<>[]{}/%"].map((each) => each.charCodeAt(0)));

function broken(detail) {
  return new Fault("pdf", detail);
}

function count(bytes, word) {
  const wanted = [...word].map((each) => each.charCodeAt(0));
  let found = 0;
  for (let at = bytes.indexOf(wanted[0]); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    if (wanted.every((code, i) => bytes[at + i] === code)) found += 1;
  }
  return found;
}

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  skip() {
    for (; this.at < this.bytes.length; this.at += 1) {
      if (this.bytes[this.at] === 37) {
        while (this.at < this.bytes.length && this.bytes[this.at] !== 10 && this.bytes[this.at] !== 13) this.at += 1;
      }
      if (!SPACE.has(this.bytes[this.at])) return;
    }
  }

  starts(word) {
    for (let i = 0; i < word.length; i += 1) if (this.bytes[this.at + i] !== word.charCodeAt(i)) return false;
    return true;
  }

  take(word) {
    if (!this.starts(word)) return false;
    this.at += word.length;
    return true;
  }

  expect(word) {
    this.skip();
    if (!this.take(word)) throw broken(`${word} expected at ${this.at}`);
  }

  regular() {
    const start = this.at;
    while (this.at < this.bytes.length && !SPACE.has(this.bytes[this.at]) && !DELIMITER.has(this.bytes[this.at])) this.at += 1;
    return latin.decode(this.bytes.subarray(start, this.at));
  }

  integer() {
    this.skip();
    const word = this.regular();
    if (!/^\d{1,15}$/.test(word)) throw broken(`whole number expected at ${this.at}`);
    return Number(word);
  }

  // One object: null, true, 12, {name}, {text}, [..], Map, {ref, gen}.
  value(depth = 0) {
    if (depth > DEEPEST) throw broken("nested too deeply");
    this.skip();
    if (this.take("<<")) return this.dictionary(depth);
    if (this.take("[")) return this.list(depth);
    if (this.take("(")) return { text: this.literal() };
    if (this.take("<")) return { text: this.hexadecimal() };
    if (this.take("/")) return { name: this.name() };
    return this.plain();
  }

  plain() {
    const start = this.at;
    const word = this.regular();
    if (word === "null") return null;
    if (word === "true" || word === "false") return word === "true";
    if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(word)) throw broken(`no value at ${start}`);
    const after = this.at;
    if (/^\d{1,10}$/.test(word)) {
      this.skip();
      const gen = this.regular();
      if (/^\d{1,5}$/.test(gen)) {
        this.skip();
        if (this.regular() === "R") return { ref: Number(word), gen: Number(gen) };
      }
    }
    this.at = after;
    return Number(word);
  }

  name() {
    return this.regular().replace(/#(..?)?/g, (whole, code) => {
      if (!/^[0-9A-Fa-f]{2}$/.test(code || "")) throw broken("name");
      return String.fromCharCode(parseInt(code, 16));
    });
  }

  list(depth) {
    const found = [];
    for (;;) {
      this.skip();
      if (this.take("]")) return found;
      found.push(this.value(depth + 1));
    }
  }

  dictionary(depth) {
    const found = new Map();
    for (;;) {
      this.skip();
      if (this.take(">>")) return found;
      if (!this.take("/")) throw broken(`key expected at ${this.at}`);
      const key = this.name();
      if (found.has(key)) throw broken(`two values of /${key}`);
      found.set(key, this.value(depth + 1));
    }
  }

  hexadecimal() {
    const end = this.bytes.indexOf(62, this.at);
    if (end < 0) throw broken("string without end");
    const digits = latin.decode(this.bytes.subarray(this.at, end)).replace(/[\0\t\n\f\r ]/g, "");
    if (!/^[0-9A-Fa-f]*$/.test(digits)) throw broken("hexadecimal string");
    this.at = end + 1;
    return Uint8Array.from((digits.length % 2 ? `${digits}0` : digits).match(/../g) || [], (pair) => parseInt(pair, 16));
  }

  literal() {
    const found = [];
    for (let open = 1; ; ) {
      const code = this.bytes[this.at];
      if (code === undefined) throw broken("string without end");
      this.at += 1;
      if (code === 92) {
        found.push(...this.escaped());
        continue;
      }
      if (code === 40) open += 1;
      if (code === 41) open -= 1;
      if (!open) return Uint8Array.from(found);
      if (code === 13 && this.bytes[this.at] === 10) this.at += 1;
      found.push(code === 13 ? 10 : code);
    }
  }

  escaped() {
    const octal = /^[0-7]{1,3}/.exec(latin.decode(this.bytes.subarray(this.at, this.at + 3)));
    if (octal) {
      this.at += octal[0].length;
      return [parseInt(octal[0], 8) & 255];
    }
    const code = this.bytes[this.at];
    this.at += 1;
    if (code === 13 && this.bytes[this.at] === 10) this.at += 1;
    if (code === 10 || code === 13) return [];
    return [{ 110: 10, 114: 13, 116: 9, 98: 8, 102: 12 }[code] ?? code];
  }
}

class Pdf {
  constructor(bytes) {
    this.bytes = bytes;
    this.places = new Map();
    this.packed = new Map();
  }

  // Reads where everything stands: the one table of references, at the place the last lines name.
  async open() {
    if (!new Reader(this.bytes).starts("%PDF-1.7\n")) throw broken("it does not begin with %PDF-1.7");
    for (const word of ["%%EOF", "startxref"]) if (count(this.bytes, word) !== 1) throw broken(`${word} does not stand once`);
    const last = /startxref\s+(\d{1,12})\s+%%EOF\n$/.exec(latin.decode(this.bytes.subarray(-64)));
    if (!last) throw broken("it does not end with %%EOF");
    const reader = new Reader(this.bytes, Number(last[1]));
    this.trailer = reader.take("xref") ? this.table(reader) : await this.table_stream(Number(last[1]));
    for (const key of ["Prev", "XRefStm", "Encrypt"]) if (this.trailer.has(key)) throw broken(`/${key}`);
    return this;
  }

  table(reader) {
    reader.skip();
    while (!reader.take("trailer")) {
      const first = reader.integer();
      const length = reader.integer();
      for (let i = 0; i < length; i += 1) {
        const offset = reader.integer();
        const gen = reader.integer();
        reader.skip();
        const kind = reader.regular();
        if (kind !== "n" && kind !== "f") throw broken("table of references");
        if (kind === "n") this.place(first + i, { offset, gen });
      }
      reader.skip();
    }
    return this.map(reader.value());
  }

  place(number, where) {
    if (this.places.has(number)) throw broken(`two places of object ${number}`);
    this.places.set(number, where);
  }

  async table_stream(offset) {
    const { value } = this.object_at(offset);
    const dict = this.map(value?.dict);
    if (dict.get("Type")?.name !== "XRef") throw broken("table of references");
    const [a, b, c] = dict.get("W") || [];
    const size = dict.get("Size");
    const index = dict.get("Index") || [0, size];
    if (![a, b, c].every((width) => Number.isInteger(width) && width >= 0 && width <= 6) || a + b + c === 0) throw broken("W");
    const rows = await this.unfiltered(value);
    const number = (from, width) => rows.subarray(from, from + width).reduce((sum, byte) => sum * 256 + byte, 0);
    let at = 0;
    for (let i = 0; i < index.length; i += 2) {
      for (let n = 0; n < index[i + 1]; n += 1, at += a + b + c) {
        if (at + a + b + c > rows.length) throw broken("table of references");
        const kind = a ? number(at, a) : 1;
        const second = number(at + a, b);
        const third = number(at + a + b, c);
        if (kind === 1) this.place(index[i] + n, { offset: second, gen: third });
        else if (kind === 2) this.place(index[i] + n, { holder: second, index: third });
        else if (kind !== 0) throw broken("table of references");
      }
    }
    if (at !== rows.length) throw broken("table of references");
    return dict;
  }

  map(value) {
    if (!(value instanceof Map)) throw broken("dictionary expected");
    return value;
  }

  // The object that begins at a byte; a stream comes as {dict, data} with its length still to be checked.
  object_at(offset) {
    const reader = new Reader(this.bytes, offset);
    const number = reader.integer();
    const gen = reader.integer();
    reader.expect("obj");
    const value = reader.value();
    reader.skip();
    if (reader.take("endobj")) return { number, gen, value };
    if (!(value instanceof Map) || !reader.take("stream")) throw broken(`object ${number}`);
    if (!reader.take("\r\n") && !reader.take("\n")) throw broken(`stream ${number}`);
    const length = value.get("Length");
    return { number, gen, value: { dict: value, start: reader.at, length } };
  }

  async stream_bytes(stream) {
    const length = await this.resolved(stream.length);
    if (!Number.isInteger(length) || length < 0 || stream.start + length > this.bytes.length) throw broken("length of a stream");
    const reader = new Reader(this.bytes, stream.start + length);
    reader.skip();
    if (!reader.take("endstream")) throw broken("end of a stream");
    reader.expect("endobj");
    return this.bytes.subarray(stream.start, stream.start + length);
  }

  async unfiltered(stream) {
    const data = await this.stream_bytes(stream);
    const filter = stream.dict.get("Filter");
    if (stream.dict.has("DecodeParms") || stream.dict.has("F")) throw broken("parameters of a stream");
    if (filter === undefined) return data;
    if (filter?.name !== "FlateDecode") throw broken("filter of a stream");
    return inflated(data).catch(() => Promise.reject(broken("a stream is damaged")));
  }

  async resolved(value, depth = 0) {
    if (value === null || typeof value !== "object" || value.ref === undefined) return value;
    const place = this.places.get(value.ref);
    if (!place || depth > DEEPEST) throw broken(`object ${value.ref} is not there`);
    if (place.holder !== undefined) return this.from_holder(place, value.ref);
    const found = this.object_at(place.offset);
    if (found.number !== value.ref || found.gen !== place.gen || found.gen !== value.gen) throw broken(`object ${value.ref}`);
    return this.resolved(found.value, depth + 1);
  }

  async from_holder(place, wanted) {
    if (!this.packed.has(place.holder)) this.packed.set(place.holder, await this.unpacked(place.holder));
    const [number, value] = this.packed.get(place.holder)[place.index] || [];
    if (number !== wanted) throw broken(`object ${wanted}`);
    return value;
  }

  async unpacked(holder) {
    const place = this.places.get(holder);
    if (place?.offset === undefined) throw broken("packed objects");
    const { number, value } = this.object_at(place.offset);
    const dict = this.map(value?.dict);
    if (number !== holder || dict.get("Type")?.name !== "ObjStm" || dict.has("Extends")) throw broken("packed objects");
    const bytes = await this.unfiltered(value);
    const first = dict.get("First");
    const reader = new Reader(bytes);
    const heads = Array.from({ length: dict.get("N") }, () => [reader.integer(), reader.integer()]);
    return heads.map(([each, offset]) => [each, new Reader(bytes, first + offset).value()]);
  }

  // Name and bytes of every file in the one node of the tree of names, each named and associated exactly once.
  async attachments() {
    const catalog = this.map(await this.resolved(this.trailer.get("Root")));
    const tree = await this.resolved(this.map(await this.resolved(catalog.get("Names"))).get("EmbeddedFiles"));
    if (this.map(tree).has("Kids")) throw broken("the names of the files stand in more than one node");
    const names = await this.resolved(tree.get("Names"));
    if (!Array.isArray(names) || names.length % 2) throw broken("the names of the files");
    if (names.length === 2 && text_of(await this.resolved(names[0])) === "record.json") throw new Fault("unproven");
    this.files = { specs: [], streams: [], found: new Map() };
    for (let i = 0; i < names.length; i += 2) await this.attach(text_of(await this.resolved(names[i])), names[i + 1]);
    this.check_associated(await this.resolved(catalog.get("AF")));
    return this.files.found;
  }

  async attach(name, pointer) {
    const { specs, streams, found } = this.files;
    const last = [...found.keys()].at(-1);
    if (last !== undefined && last >= name) throw broken(`${name} stands twice or out of order`);
    if (pointer?.ref === undefined || specs.includes(pointer.ref)) throw broken(`${name} is no object of its own`);
    const spec = this.map(await this.resolved(pointer));
    for (const key of ["F", "UF"]) {
      if (text_of(await this.resolved(spec.get(key))) !== name) throw broken(`${name} has another name in /${key}`);
    }
    const files = this.map(await this.resolved(spec.get("EF")));
    if ([...files.keys()].some((key) => key !== "F" && key !== "UF")) throw broken(`${name} has other streams`);
    const stream = files.get("F");
    if (stream?.ref === undefined || streams.includes(stream.ref)) throw broken(`${name} has no stream of its own`);
    if (files.has("UF") && files.get("UF")?.ref !== stream.ref) throw broken(`${name} has two streams`);
    const value = await this.resolved(stream);
    if (value?.start === undefined) throw broken(`${name} is no stream`);
    specs.push(pointer.ref);
    streams.push(stream.ref);
    found.set(name, await this.unfiltered(value));
  }

  check_associated(listed) {
    const refs = Array.isArray(listed) ? listed.map((each) => each?.ref) : [];
    const same = refs.length === this.files.specs.length && new Set(refs).size === refs.length;
    if (!same || !refs.every((ref) => this.files.specs.includes(ref))) throw broken("/AF does not list each file once");
  }
}

// A text string of PDF: UTF-16 or UTF-8 by its mark, otherwise plain letters.
function text_of(value) {
  if (!(value?.text instanceof Uint8Array)) throw broken("text expected");
  const [a, b, c] = value.text;
  if (a === 0xfe && b === 0xff) return new TextDecoder("utf-16be").decode(value.text);
  if (a === 0xef && b === 0xbb && c === 0xbf) return new TextDecoder("utf-8").decode(value.text);
  return latin.decode(value.text);
}

async function or_fault(code, act) {
  try {
    return await act();
  } catch (error) {
    throw error?.code === "unproven" ? error : new Fault(code, error instanceof Fault ? error.detail : error?.message);
  }
}

// The attachments of a file by their names. Throws Fault: `revision` for a file that is not one readable revision, `unproven` for
// one with nothing but its record, `attachments`.
export async function attachments_of(bytes) {
  const pdf = await or_fault("revision", () => new Pdf(bytes).open());
  return or_fault("attachments", () => pdf.attachments());
}
