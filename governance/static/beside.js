// Puts what a save brought back into the page of questions: score, map, contradictions, questions that are newly asked or no longer,
// what somebody else saved at the same time. What a person is typing, and where the focus is, stays as it is.
"use strict";

if (window.Autosave) window.Autosave.beside = (() => {
  const page = window.Autosave;
  const { form, units, words } = page;
  const { make, notice, copyButton } = window.Outbox;
  const template = (id) => document.getElementById(id)?.content.firstElementChild?.cloneNode(true);
  const article = (key) => form.querySelector(`article[data-unit="${CSS.escape(key)}"]`);

  // ---------------------------------------------------------------- what follows from the answers

  function applied(body) {
    for (const [name, html] of Object.entries(body.parts ?? {})) replace(name, new DOMParser().parseFromString(html, "text/html").body);
    if (body.asked) progress(body.done, body.asked);
    if (body.questions) ask(body.questions);
    else if (body.asked && String(body.asked) !== form.dataset.asked) refresh([]); // somebody else's answers changed what is asked
    if (body.asked) form.dataset.asked = body.asked;
    form.querySelectorAll("article[data-unit]").forEach((each) => mark(units.get(each.dataset.unit)));
    tallies();
    if (body.left && place("article")) next(body.left);
  }

  const place = (selector) => form.querySelector(selector);

  // Put a part in; what was unfolded stays unfolded, what was scrolled stays scrolled, and the focus stays in it.
  function replace(name, made) {
    const room = document.querySelector(`[data-part="${name}"]`);
    if (!room || room.innerHTML.trim() === made.innerHTML.trim()) return;
    const open = [...room.querySelectorAll("details[open]")].map((each) => each.firstElementChild.textContent);
    const top = room.firstElementChild?.scrollTop ?? 0;
    const links = "a, summary, button";
    const at = [...room.querySelectorAll(links)].indexOf(document.activeElement);
    room.replaceChildren(...made.childNodes);
    room.querySelectorAll("details").forEach((each) => { each.open = open.includes(each.firstElementChild.textContent); });
    if (room.firstElementChild) room.firstElementChild.scrollTop = top;
    if (at >= 0) [...room.querySelectorAll(links)][at]?.focus({ preventScroll: true });
    const shown = room.querySelector(name === "score" ? ".level" : ".tag");
    if ((name === "score" || name === "route") && shown) document.querySelector(".score-link > :last-child")?.replaceWith(small(shown));
  }

  function small(shown) {
    const made = shown.cloneNode(true);
    made.classList.remove("is-large");
    return made;
  }

  function progress(done, asked) {
    const line = document.querySelector(".savebar [data-progress]");
    if (!line) return;
    line.querySelector("span").lastChild.textContent = ` ${done}/${asked}`;
    const meter = line.querySelector(".meter");
    meter.setAttribute("viewBox", `0 0 ${asked} 8`);
    meter.querySelector("rect").setAttribute("width", asked);
    meter.querySelector(".fill").setAttribute("width", done);
  }

  // The list of questions of the page: answered and nothing left to do, answered, open.
  function mark(unit) {
    const link = document.querySelector(`#agenda a[href="#${CSS.escape(unit?.key ?? "")}"]`);
    if (!link) return;
    const met = unit.el.dataset.met.split(" ").filter(Boolean);
    const chosen = unit.controls.find((each) => each.checked)?.value;
    const sign = !unit.isAnswered ? "draft" : !met.length || met.includes(chosen) ? "check" : "review";
    link.querySelector("use").setAttribute("href", `#i-${sign}`);
    const said = link.querySelector(".vh");
    if (said) said.textContent = ` ${unit.isAnswered ? unit.said.split("\n")[0].slice(0, 80) : words("unanswered")}`;
  }

  // How much of each section of the trigger sheet is answered; follow-up questions are not counted.
  function tallies() {
    let open = 0;
    form.querySelectorAll("[data-tally]").forEach((room) => {
      const own = [...room.closest(".block").querySelectorAll("article[data-unit]:not(.follow-up)")].map((each) => units.get(each.dataset.unit));
      const done = own.filter((unit) => unit?.isAnswered).length;
      open += own.length - done;
      room.textContent = words("tally", { done, total: own.length });
    });
    const room = document.querySelector("[data-open]");
    if (room) room.textContent = open;
  }

  // The one thing to do next, as long as something on the page is open.
  function next(left) {
    const total = form.querySelectorAll("article[data-unit]").length;
    const lede = document.querySelector(".page-head .lede");
    if (lede && form.dataset.next) lede.textContent = words("progress", { total, done: total - left.length });
    const strip = document.querySelector(".next-step");
    const made = left.length && form.dataset.next ? template("next-open") : null;
    if (!strip || !made) {
      if (strip && form.dataset.next && !left.length && strip.querySelector(`a[href^="#"]:not([href^="#rating"])`)) page.beside.refresh([]);
      return;
    }
    const fill = (node) => { node.textContent = node.textContent.replace("{key}", left[0]).replace("{n}", left.length); };
    made.querySelectorAll(".what, .why, a").forEach(fill);
    made.querySelector("a").href = `#${left[0]}`;
    if (strip.textContent !== made.textContent && !strip.querySelector(`a[href^="#rating"]`)) strip.replaceWith(made);
  }

  // ---------------------------------------------------------------- questions that come and go

  async function fetched() {
    const answer = await fetch(location.pathname + location.search, { cache: "no-store", redirect: "manual" });
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  }

  async function ask(keys) {
    const here = [...form.querySelectorAll("article[data-unit]")].map((each) => each.dataset.unit);
    if (keys.length !== here.length || keys.some((key) => !here.includes(key))) await refresh([]);
  }

  // Take over from a fresh copy of the page: these questions as they are stored, and those that come and go.
  async function refresh(keys) {
    const there = await fetched().catch(() => null);
    if (!there?.querySelector("form[data-autosave]")) return;
    const added = [];
    const removed = [...units.keys()].filter((key) => !there.querySelector(`[data-unit="${CSS.escape(key)}"]`) && leaves(units.get(key)));
    let before = null;
    for (const fresh of there.querySelectorAll("form[data-autosave] [data-unit]")) {
      const key = fresh.dataset.unit;
      const now = form.querySelector(`[data-unit="${CSS.escape(key)}"]`);
      if (!now) { added.push(key); insert(fresh, before); }
      else if (keys.includes(key)) { now.replaceWith(fresh); page.adopt(fresh); }
      before = fresh.isConnected && form.contains(fresh) ? fresh : now;
    }
    form.querySelectorAll("section.group").forEach((each) => { if (!each.querySelector("article")) each.remove(); });
    for (const part of ["map", "score", "clashes", "route"]) {
      const made = there.querySelector(`[data-part="${part}"]`);
      if (made) replace(part, made);
    }
    for (const own of ["#agenda", ".next-step", ".page-head .lede"]) {
      const made = there.querySelector(own);
      if (made && !document.querySelector(own)?.contains(document.activeElement)) document.querySelector(own)?.replaceWith(made);
    }
    if (added.length) page.say(words("added", { keys: added.join("、") }));
    else if (removed.length) page.say(words("removed", { keys: removed.join("、") }));
  }

  function leaves(unit) {
    if (!unit || unit.isChanged || unit.held || unit.el.contains(document.activeElement)) return false;
    unit.el.remove();
    units.delete(unit.key);
    return true;
  }

  // Put a newly asked question behind the one that stands before it, below its own heading.
  function insert(fresh, before) {
    const group = fresh.closest("section.group");
    const room = group ? form.querySelector(`section.group[aria-labelledby="${group.getAttribute("aria-labelledby")}"]`) ?? shell(group, before) : form;
    if (before && room.contains(before)) before.after(fresh);
    else if (group) (room.querySelector("header") ?? room).after(fresh);
    else (form.querySelector("article[data-unit]") ?? form.lastElementChild).before(fresh);
    const tag = template("fresh-tag");
    if (tag) fresh.querySelector(".unit-foot")?.prepend(tag);
    fresh.classList.add("is-fresh");
    page.adopt(fresh);
  }

  function shell(group, before) {
    const made = group.cloneNode(false);
    made.append(group.querySelector("header").cloneNode(true));
    const top = before?.closest("section.group, section.block") ?? before;
    if (top) top.after(made); else form.append(made);
    return made;
  }

  // ---------------------------------------------------------------- what could not be kept as it is

  function refused(unit, { text }) {
    unsaid(unit);
    const line = make("p", { class: "wrong", id: `${unit.key}-error` }, window.Outbox.icon("late"), make("span", {}, text));
    const scale = unit.el.querySelector("fieldset.scale");
    scale.classList.add("is-wrong");
    (scale.querySelector("legend") ?? scale.firstElementChild).after(line);
    const field = unit.controls.find((each) => each === document.activeElement) ?? unit.controls[0];
    field?.setAttribute("aria-invalid", "true");
    field?.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${line.id}`.trim());
  }

  function unsaid(unit) {
    unit.el.querySelectorAll(".wrong").forEach((each) => each.remove());
    unit.el.querySelectorAll(".is-wrong").forEach((each) => each.classList.remove("is-wrong"));
    unit.el.querySelectorAll("[aria-invalid]").forEach((each) => {
      each.removeAttribute("aria-invalid");
      const about = (each.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id !== `${unit.key}-error`);
      each.setAttribute("aria-describedby", about.join(" "));
    });
  }

  // After a save: no complaint, no conflict, no box to confirm any more. Returns what is stored, without that box.
  function cleared(unit, text) {
    unsaid(unit);
    const panel = unit.el.querySelector(".conflict");
    const isInside = panel?.contains(document.activeElement);
    panel?.remove();
    if (isInside) unit.controls[0]?.focus();
    unit.el.querySelector(".to-confirm")?.remove();
    return JSON.stringify(JSON.parse(text).filter(([name]) => name !== `${unit.key}-confirm`));
  }

  function kept(unit, sentence) {
    unit.el.querySelector(".kept")?.remove();
    const box = notice("warn", words("kept"), make("p", {}, sentence), make("p", { class: "pre" }, unit.said), make("p", { class: "buttons" }, copyButton(unit.said)));
    box.classList.add("kept");
    unit.el.querySelector(".unit-foot").before(box);
  }

  function shut(unit) {
    unit.el.querySelectorAll("input, select, textarea, button[type=submit]").forEach((each) => {
      if (each.tagName === "TEXTAREA") each.readOnly = true; else each.disabled = true;
    });
  }

  function gone(unit, { text }) {
    kept(unit, text);
    shut(unit);
  }

  // Somebody submitted, or the project was suspended: nothing more can be entered; what was not saved is shown to be copied.
  function close(sentence) {
    if (page.closed) return;
    page.closed = true;
    units.forEach((unit) => {
      if (unit.isChanged) { unit.held = "closed"; kept(unit, sentence); unit.keep(); page.show(unit, "closed"); }
      shut(unit);
    });
    document.querySelectorAll('.savebar button[type="submit"], form[data-autosave] .buttons button[type="submit"]').forEach((each) => { each.disabled = true; });
    document.getElementById("kept-here")?.replaceChildren(notice("warn", sentence));
    page.say(sentence);
  }

  return { applied, refresh, refused, cleared, gone, close, tallies, mark, template, article };
})();
