// Saves the questions of a page as they are answered, and says at each of them whether it is saved.
// Only what changed is sent, one request at a time; what cannot be sent waits on this device (outbox.js). What comes back is put
// into the page by beside.js. Without script the page saves by its button.
"use strict";

window.Autosave = (() => {
  const form = document.querySelector("form[data-autosave]");
  if (!form || !window.Outbox?.ready) return null;
  const { wordsOf, icon, button, make } = window.Outbox;
  const words = wordsOf("filling-words");
  const screening = form.dataset.autosave;
  const place = { page: form.dataset.page, phase: form.dataset.phase };
  const REST = 800; // milliseconds without a keystroke
  const KEEP = 300;
  const LONGEST_WAIT = 60_000;
  const PARTS = /^-(text|remark|due|na|confirm|severity|likelihood|severity_reason|likelihood_reason|\d{1,4}-\w+)$/;
  const units = new Map();
  const page = { form, screening, place, units, words, closed: false };

  // ---------------------------------------------------------------- one question

  const isOwn = (key, name) => name === key || (name.startsWith(key) && PARTS.test(name.slice(key.length)));

  class Unit {
    constructor(el) {
      this.el = el;
      this.key = el.dataset.unit;
      this.id = `${Date.now()}-${Math.random()}`;
      this.rev.value = this.rev.defaultValue;
      this.saved = this.read(true);
      this.before = []; // earlier saved states, to go back to
      this.state = "";
      this.timers = {};
    }

    get rev() { return this.el.querySelector(`[name="${this.key}-rev"]`); }

    get controls() {
      return [...this.el.querySelectorAll("input, select, textarea")].filter((each) => each.form === form && isOwn(this.key, each.name));
    }

    // What the fields hold, as the form would send it; `stored` for what the server had written into the page.
    read(stored = false) {
      const fields = [];
      for (const each of this.controls) {
        if (each.type === "radio" || each.type === "checkbox") {
          if (stored ? each.defaultChecked : each.checked) fields.push([each.name, each.value]);
        } else if (each.tagName === "SELECT") {
          fields.push([each.name, stored ? [...each.options].find((o) => o.defaultSelected)?.value ?? each.options[0]?.value ?? "" : each.value]);
        } else fields.push([each.name, (stored ? each.defaultValue : each.value).replace(/\r\n?/g, "\n")]);
      }
      return JSON.stringify(fields);
    }

    write(text) {
      const fields = JSON.parse(text);
      const has = (name, value) => fields.some(([n, v]) => n === name && v === value);
      for (const each of this.controls) {
        if (each.type === "radio" || each.type === "checkbox") each.checked = has(each.name, each.value);
        else each.value = fields.find(([name]) => name === each.name)?.[1] ?? "";
      }
    }

    get isChanged() { return this.read() !== this.saved; }

    get isAnswered() {
      return this.controls.some((each) => !/-(remark|due|confirm)$/.test(each.name) &&
        (each.type === "radio" || each.type === "checkbox" ? each.checked : each.value.trim() !== ""));
    }

    // What a person would read of the fields: for copying, and beside what somebody else saved.
    get said() {
      const chosen = this.controls.filter((each) => each.checked).map((each) => each.closest("label")?.querySelector("span")?.firstChild?.textContent.trim() ?? each.value);
      const typed = this.controls.filter((each) => !["radio", "checkbox"].includes(each.type) && each.value).map((each) => each.value);
      return [...chosen, ...typed].join("\n");
    }

    keep() {
      clearTimeout(this.timers.keep);
      const entry = { screening, ...place, key: this.key, id: this.id, rev: this.rev.value, fields: JSON.parse(this.read()), said: this.said, at: Date.now(), path: location.pathname + location.search };
      page.isKept = window.Outbox.keep(this.held === "closed" || this.held === "gone" ? { ...entry, held: this.held } : entry);
      form.toggleAttribute("data-changed", !page.isKept);
    }

    forget() {
      clearTimeout(this.timers.keep);
      window.Outbox.drop(screening, this.key);
    }
  }

  function adopt(el) {
    const unit = new Unit(el);
    units.set(unit.key, unit);
    return unit;
  }

  // ---------------------------------------------------------------- what is said of it

  const SIGNS = { saved: "check", undone: "check", typing: "draft", saving: "clock" };
  const CALM = ["", "typing", "saving", "saved", "undone"];
  const clock = () => new Date().toLocaleTimeString("ja-JP", { hour: "2-digit", minute: "2-digit" });

  function sign(state, values) {
    const line = make("span", { class: CALM.includes(state) ? "saved" : "saved is-wrong" }, icon(SIGNS[state] ?? "late"), words(state, values));
    if (state === "failed" || state === "offline") line.append(button(words("retry"), () => flush({ again: true }), "quiet"));
    if (state === "signed-out") line.append(make("a", { href: "/sign-in", target: "_blank", rel: "noopener" }, words("sign-in")));
    return line;
  }

  function show(unit, state, values = { at: clock() }) {
    const stands = `${state} ${unit.before.length > 0} ${values.at}`;
    if (unit.stands === stands) return;
    unit.stands = stands;
    unit.state = state;
    unit.el.dataset.stands = state;
    const room = unit.el.querySelector("[data-unit-state]");
    if (!room) return;
    const line = sign(state === "offline" && page.isKept === false ? "lost" : state, values);
    if ((state === "saved" || state === "undone") && unit.before.length) line.append(button(words("undo"), () => undo(unit), "quiet"));
    // a button that has the focus stays where it is: it is the new one
    const isFocused = room.contains(document.activeElement);
    room.replaceChildren(line);
    if (isFocused) (line.querySelector("button, a") ?? unit.controls[0]).focus();
    unit.el.querySelector(".unit-foot > a")?.removeAttribute("hidden");
    bar(values);
  }

  const ORDER = ["other", "signed-out", "closed", "offline", "failed", "conflict", "refused", "gone", "saving", "typing", "saved", "undone"];

  function bar(values) {
    const states = [...units.values()].map((unit) => unit.state);
    const state = ORDER.find((each) => states.includes(each)) ?? "";
    const room = document.getElementById("saved");
    if (!room || !state) return;
    room.replaceChildren(sign(state === "offline" && page.isKept === false ? "lost" : state, values));
    if (!["typing", "saving"].includes(state)) say(words(state, values));
  }

  let saying;

  // One region speaks, after things have settled; never for a keystroke.
  function say(text) {
    clearTimeout(saying);
    saying = setTimeout(() => { document.getElementById("said").textContent = text; }, 600);
  }

  // ---------------------------------------------------------------- sending

  let inFlight = null;
  let waiting = 0; // times that sending failed in a row
  let retry;

  function due(unit) { return unit.isChanged && !unit.held && !unit.timers.rest && page.composing !== unit; }

  function touched(unit, delay) {
    if (unit.held === "refused" || unit.held === "rewrite") unit.held = "";
    if (page.closed) return;
    clearTimeout(unit.timers.rest);
    unit.timers.rest = 0;
    if (!unit.isChanged && !inFlight?.units.includes(unit)) {
      unit.forget();
      if (unit.state === "typing") show(unit, unit.before.length ? "saved" : "");
      return;
    }
    if (!unit.held) show(unit, "typing");
    clearTimeout(unit.timers.keep);
    unit.timers.keep = setTimeout(() => unit.keep(), KEEP);
    unit.timers.rest = setTimeout(() => { unit.timers.rest = 0; flush(); }, delay);
  }

  // Send what is ready; with `now`, also what is being typed. Resolves when all that could be sent was answered.
  async function flush({ now = false, again = false } = {}) {
    if (again) units.forEach((unit) => { if (unit.state === "failed") unit.held = ""; });
    if (now || again) units.forEach((unit) => { clearTimeout(unit.timers.rest); unit.timers.rest = 0; });
    if (inFlight) { await inFlight.done; return flush({ now, again }); }
    const ready = [...units.values()].filter(due);
    if (!ready.length || page.closed) return true;
    if (page.stopped && !again) { ready.forEach((unit) => { unit.keep(); show(unit, page.stopped); }); return false; }
    clearTimeout(retry);
    const sent = new Map(ready.map((unit) => [unit, unit.read()]));
    ready.forEach((unit) => { unit.keep(); show(unit, "saving"); });
    const fields = [...sent].flatMap(([unit, text]) => [...JSON.parse(text), [`${unit.key}-rev`, unit.rev.value]]);
    const done = window.Outbox.post(`/screenings/${screening}/save`, [...fields, ["page", place.page], ["phase", place.phase]]);
    inFlight = { units: ready, done };
    const answer = await done;
    inFlight = null;
    settle(sent, answer);
    return answer.kind === "saved" ? flush() : false;
  }

  function settle(sent, { kind, body }) {
    page.stopped = kind === "signed-out" || kind === "other" ? kind : "";
    if (kind !== "saved") {
      waiting += 1;
      if (kind === "failed" || kind === "offline") retry = setTimeout(() => flush({ again: true }), Math.min(LONGEST_WAIT, 1000 * 2 ** waiting));
      if (kind === "closed") page.beside.close(body.closed ?? words("no-right"));
      sent.forEach((_text, unit) => { unit.keep(); show(unit, kind); });
      return;
    }
    waiting = 0;
    const saved = [];
    for (const [key, outcome, told] of window.Outbox.outcomes(body)) {
      const unit = units.get(key);
      if (!unit || !sent.has(unit)) continue;
      if (outcome === "saved") { stored(unit, sent.get(unit), told); saved.push({ key, rev: told.rev, id: unit.id }); }
      else if (outcome !== "refused" || unit.read() === sent.get(unit)) { unit.held = outcome; page.beside[outcome](unit, told); unit.keep(); show(unit, outcome); }
      else show(unit, "typing"); // it was already written otherwise
    }
    // an answer that says nothing of a question would otherwise be asked for again without end
    sent.forEach((_text, unit) => { if (unit.state === "saving") { unit.held = "refused"; unit.keep(); show(unit, "failed"); } });
    if (saved.length) window.Outbox.channel?.postMessage({ screening, saved });
    page.beside.applied(body);
  }

  function stored(unit, text, told) {
    if (!unit.goesBack && unit.saved) unit.before.push(unit.saved);
    unit.rev.value = told.rev;
    unit.saved = page.beside.cleared(unit, text);
    unit.held = "";
    const state = unit.goesBack ? "undone" : "saved";
    unit.goesBack = false;
    if (unit.isChanged) {
      unit.keep();
      if (unit.timers.rest) show(unit, "typing"); else touched(unit, REST);
      return;
    }
    unit.forget();
    show(unit, state, { at: told.at || clock() });
  }

  function undo(unit) {
    unit.write(unit.before.pop());
    unit.goesBack = true;
    touched(unit, 0);
  }

  Object.assign(page, { adopt, show, bar, say, touched, flush, Unit, undo, get inFlight() { return inFlight; } });
  return page;
})();
