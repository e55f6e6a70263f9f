// Answers that could not be sent yet wait on this device, by person and question, and are sent from whichever page is open next.
// Nothing is ever sent in the name of somebody else: entries are read for the person of this page alone.
// The pages of questions (autosave.js) look after their own entries and use what is offered here as window.Outbox.
"use strict";

window.Outbox = (() => {
  const meta = (name) => document.querySelector(`meta[name="${name}"]`);
  const person = meta("person")?.content ?? "";
  const PREFIX = `unsent:${person}:`;
  const YOUNG = 20_000; // milliseconds: the page where it was typed sends it itself
  const OLD_ENOUGH_TO_TELL = 60_000;
  const PATIENCE = 30_000;
  const HELD = ["conflict", "refused", "gone", "closed"];
  const ready = person !== "";
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("screenings") : null;
  const outbox = { person, ready, channel, isLive: () => false };

  // ---------------------------------------------------------------- words and small elements

  const wordsOf = (id) => (name, values = {}) => {
    const found = document.getElementById(id)?.content.querySelector(`[data-word="${name}"]`)?.textContent ?? "";
    return found.replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
  };
  const words = wordsOf("outbox-words");

  function make(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") made.addEventListener(name, value);
      else if (value !== false) made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null && child !== ""));
    return made;
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `#i-${name}`);
    svg.append(use);
    return svg;
  }

  const button = (label, press, kind = "second") =>
    make("button", { type: "button", class: `button ${kind} small`, click: press }, label);

  const notice = (tone, title, ...matter) =>
    make("div", { class: `notice is-${tone}` }, icon(tone === "good" ? "check" : "late"), make("div", {}, make("strong", {}, title), ...matter));

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // not offered outside of secure connections
      const field = make("textarea", { class: "vh" });
      field.value = text;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
  }

  function copyButton(text) {
    const made = button(words("copy"), async () => {
      await copy(text);
      made.textContent = words("copied");
    });
    return made;
  }

  // ---------------------------------------------------------------- what waits on this device

  const name = (screening, key) => `${PREFIX}${screening}:${key}`;

  function keep(entry) {
    if (outbox.isOver) return false;
    try {
      localStorage.setItem(name(entry.screening, entry.key), JSON.stringify(entry));
      return true;
    } catch { // full, or not allowed on this device
      return false;
    }
  }

  function drop(screening, key) {
    try { localStorage.removeItem(name(screening, key)); } catch { /* nothing was kept */ }
  }

  function entries() {
    const found = [];
    try {
      for (let n = 0; n < localStorage.length; n += 1) {
        const at = localStorage.key(n);
        if (ready && at.startsWith(PREFIX)) found.push(JSON.parse(localStorage.getItem(at)));
      }
    } catch { /* no storage, or not ours */ }
    return found.sort((a, b) => a.at - b.at);
  }

  // ---------------------------------------------------------------- sending

  const token = () => meta("csrf-token")?.content ?? "";

  // Ask who is signed in now and take over the token of that session: "same", "other" or "out".
  async function renew() {
    const answer = await fetch("/token", { headers: { Accept: "application/json" }, redirect: "manual", cache: "no-store" });
    if (!answer.ok) return "out";
    const told = await answer.json();
    if (told.person !== person) return "other";
    meta("csrf-token").content = told.token;
    document.querySelectorAll('input[name="csrf_token"]').forEach((field) => { field.value = told.token; });
    return "same";
  }

  async function once(address, fields) {
    const headers = { "X-CSRFToken": token(), Accept: "application/json" };
    const signal = AbortSignal.timeout(PATIENCE);
    const body = new URLSearchParams(fields);
    return fetch(address, { method: "POST", body, headers, signal, redirect: "manual", keepalive: body.toString().length < 60_000 });
  }

  const KINDS = { 200: "saved", 409: "saved", 422: "saved", 410: "saved", 423: "closed", 401: "signed-out", 404: "closed" };

  // Send fields; return {kind, body}: saved (body says what of it), closed, signed-out, other, offline, failed.
  async function post(address, fields) {
    try {
      let answer = await once(address, fields);
      if (answer.status === 400 || answer.status === 403) {
        const before = token();
        const who = await renew();
        if (who !== "same") return { kind: who === "out" ? "signed-out" : "other", body: {} };
        if (token() === before && answer.status === 403) return { kind: "closed", body: {} };
        answer = await once(address, fields);
      }
      const isTold = (answer.headers.get("Content-Type") ?? "").includes("json");
      const kind = answer.type === "opaqueredirect" ? "signed-out" : KINDS[answer.status] ?? "failed";
      return { kind: kind === "saved" && !isTold ? "failed" : kind, body: isTold ? await answer.json() : {} };
    } catch {
      return { kind: navigator.onLine ? "failed" : "offline", body: {} };
    }
  }

  // Every question of an answer with what became of it: [key, "saved" | "conflict" | "refused" | "gone", what was told].
  function* outcomes(body) {
    for (const [key, told] of Object.entries({ ...body.saved, ...body.ratings })) yield [key, "saved", told];
    for (const told of body.conflicts ?? []) yield [told.key, "conflict", told];
    for (const told of body.problems ?? []) yield [told.key, "refused", told];
    for (const told of body.gone ?? []) yield [told.key, "gone", told];
  }

  function settle(sent, { kind, body }) {
    if (kind === "closed") sent.forEach((entry) => keep({ ...entry, held: "closed" }));
    if (kind !== "saved") return [];
    const saved = [];
    for (const [key, outcome, told] of outcomes(body)) {
      const entry = sent.find((each) => each.key === key);
      if (!entry) continue;
      if (outcome === "saved") {
        drop(entry.screening, key);
        saved.push({ key, rev: told.rev, id: entry.id });
      } else keep({ ...entry, held: outcome });
    }
    if (saved.length) channel?.postMessage({ screening: sent[0].screening, saved });
    return saved.map(({ key }) => sent.find((each) => each.key === key));
  }

  let isSending = false;

  async function sendRest() {
    if (isSending || !ready || !navigator.onLine) return;
    isSending = true;
    const waiting = entries().filter((entry) => !entry.held && !outbox.isLive(entry) && Date.now() - entry.at > YOUNG);
    const pages = Map.groupBy ? Map.groupBy(waiting, pageOf) : grouped(waiting);
    const told = [];
    for (const each of pages.values()) {
      const { screening, page, phase } = each[0];
      const fields = [...each.flatMap((entry) => [...entry.fields, [`${entry.key}-rev`, entry.rev]]), ["page", page], ["phase", phase]];
      told.push(...settle(each, await post(`/screenings/${screening}/save`, fields)));
    }
    if (told.some((entry) => Date.now() - entry.at > OLD_ENOUGH_TO_TELL)) room()?.append(notice("good", words("sent")));
    isSending = false;
    showHeld();
  }

  const pageOf = (entry) => `${entry.screening} ${entry.page} ${entry.phase}`;

  function grouped(all) {
    const found = new Map();
    all.forEach((entry) => found.set(pageOf(entry), [...(found.get(pageOf(entry)) ?? []), entry]));
    return found;
  }

  // ---------------------------------------------------------------- what cannot be sent as it is

  const room = () => document.getElementById("notices");

  function line(entry) {
    const isOver = entry.held === "gone" || entry.held === "closed";
    const made = make("li", { class: "stack-s" },
      make("p", {}, make("strong", {}, entry.key), `　${new Date(entry.at).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" })}　${words(`held-${entry.held}`)}`),
      isOver ? make("p", { class: "pre" }, entry.said) : null,
      make("p", { class: "buttons" },
        isOver ? null : make("a", { class: "button second small", href: `${entry.path}#${entry.key}` }, words("open")),
        copyButton(entry.said),
        isOver ? button(words("discard"), () => { drop(entry.screening, entry.key); made.remove(); }, "quiet") : null));
    return made;
  }

  function showHeld() {
    document.getElementById("held")?.remove();
    const held = entries().filter((entry) => HELD.includes(entry.held) && !outbox.isLive(entry));
    if (!held.length) return;
    const made = notice("warn", words("look"), make("ul", { class: "stack-s" }, ...held.map(line)));
    made.id = "held";
    room()?.append(made);
  }

  // ---------------------------------------------------------------- when

  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") !== "/sign-out") return;
    const left = entries();
    if (left.length && !window.confirm(words("leave", { n: left.length }))) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    left.forEach((entry) => drop(entry.screening, entry.key));
    outbox.isOver = true; // what is still in the fields is given up with it
  }, true);

  if (ready) {
    const soon = () => setTimeout(sendRest, 1000);
    addEventListener("online", soon);
    addEventListener("focus", soon);
    addEventListener("DOMContentLoaded", () => { soon(); showHeld(); });
    setInterval(sendRest, YOUNG + 1000);
  }

  return Object.assign(outbox, { words, wordsOf, make, icon, button, notice, copyButton, keep, drop, entries, post, renew, outcomes });
})();
