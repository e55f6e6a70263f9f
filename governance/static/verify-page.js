// The check page: a report that is chosen or dropped is read and checked here, in the browser. Nothing of it is sent anywhere.
import { Fault } from "./verify-zlib.js";
import { REFUSED, sentence } from "./verify-words.js";
import { hex, verify } from "./verify.js";

const room = document.querySelector("[data-verify]");
const lang = document.documentElement.lang;
const one = (name) => room.querySelector(`[data-part="${name}"]`);
const TONES = { ok: "good", wrong: "bad", unchecked: "warn" };
const ICONS = { ok: "check", wrong: "stop", unchecked: "late" };
let pdf = null;
let turn = 0;

async function bytes_of(file) {
  return new Uint8Array(await file.arrayBuffer());
}

function trusted() {
  const own = one("key").value.split("\n").map((line) => line.trim()).filter(Boolean);
  const published = one("published")?.checked ? one("published").dataset.keys.split("\n") : [];
  return [...new Set([...own, ...published])];
}

async function given() {
  const chosen = async (name) => Promise.all([...one(name).files].map(bytes_of));
  const [[sidecar], [saved], consistency] = await Promise.all(["sidecar", "saved", "consistency"].map(chosen));
  return { keys: trusted(), sidecar: sidecar ?? null, saved: saved ?? null, consistency };
}

function show_one(kind, verdict) {
  const row = one(kind);
  const mark = row.querySelector(".state");
  mark.className = `state is-${TONES[verdict.state]}`;
  mark.querySelector("use").setAttribute("href", `#i-${ICONS[verdict.state]}`);
  mark.querySelector("span").textContent = room.dataset[verdict.state];
  row.querySelector("p").textContent = sentence(kind, verdict, lang);
  row.dataset.state = verdict.state;
  row.dataset.code = verdict.code;
}

function refuse(code) {
  one("refused").textContent = REFUSED[code][lang === "en" ? 1 : 0];
  one("refused").hidden = false;
  one("result").hidden = true;
}

async function check() {
  const mine = (turn += 1);
  if (!pdf) return;
  one("refused").hidden = true;
  try {
    const bytes = await bytes_of(pdf);
    const [found, digest] = await Promise.all([verify(bytes, await given()), crypto.subtle.digest("SHA-256", bytes)]);
    if (mine !== turn) return;
    one("name").textContent = [pdf.name, found.record.number ?? found.file.number].filter(Boolean).join("　");
    one("digest").textContent = hex(new Uint8Array(digest));
    one("register").href = `${room.dataset.register}?d=${hex(new Uint8Array(digest))}`;
    for (const kind of ["record", "file", "history"]) show_one(kind, found[kind]);
    one("result").hidden = false;
  } catch (error) {
    if (mine === turn) refuse(error instanceof Fault ? error.code : "unreadable");
  }
}

function put(name, file) {
  const holder = new DataTransfer();
  holder.items.add(file);
  one(name).files = holder.files;
  one(name).closest("details")?.setAttribute("open", "");
}

// A report and its sidecar may be dropped together; which is which is seen by their names.
function take(files) {
  for (const file of files) {
    if (file.name.endsWith(".tlog-proof")) put("sidecar", file);
    else {
      put("pdf", file);
      pdf = file;
    }
  }
  check();
}

for (const kind of ["dragover", "drop"]) {
  window.addEventListener(kind, (event) => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    if (kind === "drop") take([...event.dataTransfer.files]);
  });
}
room.addEventListener("change", (event) => {
  if (event.target === one("pdf")) take([...one("pdf").files]);
  else check();
});
room.hidden = false;
