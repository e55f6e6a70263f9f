// Brings a page of questions to life: typing, leaving and coming back, the connection, other tabs, the keyboard, and the choice
// between what was entered here and what somebody else saved. The saving itself is in autosave.js.
"use strict";

if (window.Autosave) (() => {
  const page = window.Autosave;
  const { form, units, words, beside } = page;
  const { make, notice, channel } = window.Outbox;
  const REST = 800;
  const MOST_WORDS = 700;
  const unitOf = (el) => units.get(el.closest?.("[data-unit]")?.dataset.unit);
  const isEvidence = (name) => /-(file|url|title|expires)$/.test(name);

  // ---------------------------------------------------------------- mine, theirs, what both began from

  const WORD = /[A-Za-z0-9]+|[\u3040-\u309f]+|[\u30a0-\u30ff]+|[\u3400-\u9fff\u{20000}-\u{3ffff}々]+|\s+|./gsu;

  // Mark in `after` what `before` does not have: the longest common run of words stays plain.
  function marked(before, after, tag) {
    const a = before.match(WORD) ?? [], b = after.match(WORD) ?? [];
    if (a.length > MOST_WORDS || b.length > MOST_WORDS) return before === after ? [after] : [make(tag, {}, after)];
    const long = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
    for (let i = a.length - 1; i >= 0; i -= 1) for (let j = b.length - 1; j >= 0; j -= 1) long[i][j] = a[i] === b[j] ? long[i + 1][j + 1] + 1 : Math.max(long[i + 1][j], long[i][j + 1]);
    const found = [];
    const add = (text, isNew) => {
      if (found.at(-1)?.isNew === isNew) found.at(-1).text += text; else found.push({ text, isNew });
    };
    for (let i = 0, j = 0; j < b.length;) {
      if (i < a.length && a[i] === b[j]) { add(b[j], false); i += 1; j += 1; }
      else if (i < a.length && long[i + 1][j] >= long[i][j + 1]) i += 1;
      else { add(b[j], true); j += 1; }
    }
    return found.map(({ text, isNew }) => (isNew ? make(tag, {}, text) : text));
  }

  // A rating says its grades and reasons, an answer its words, remark and date.
  function plain(side) {
    if (!side) return null;
    if (side.said !== undefined) return side;
    const grade = (axis) => `${words(axis)} ${side[axis] && side[axis] !== "None" ? side[axis] : "—"}`;
    return { ...side, said: `${grade("severity")}　${grade("likelihood")}`, remark: [side.severity_reason, side.likelihood_reason].filter(Boolean).join("\n"), due: "" };
  }

  beside.conflict = (unit, told) => {
    const [mine, theirs, base] = [told.mine, told.theirs, told.base].map(plain);
    unit.el.querySelector(".conflict")?.remove();
    const panel = beside.template("conflict-form");
    panel.setAttribute("aria-label", panel.getAttribute("aria-label").replace(/^/, unit.key));
    const column = (kind, side, other, tag) => {
      const room = panel.querySelector(`[data-side="${kind}"]`);
      if (!side) { room.remove(); return; }
      for (const name of ["said", "remark"]) room.querySelector(`[data-${name}]`).replaceChildren(...(side[name] ? marked(other[name] ?? "", side[name], tag) : [words("none")]));
      room.querySelector("[data-due]").textContent = side.due || "—";
      if (side.by || side.at) room.querySelector("[data-who]").textContent = [side.by, side.at].filter(Boolean).join("　");
    };
    column("mine", mine, base ?? theirs, "ins");
    column("theirs", theirs, base ?? mine, "ins");
    column("base", base, base && (theirs.said !== base.said || theirs.remark !== base.remark) ? theirs : mine, "del");
    panel.dataset.rev = told.rev;
    panel.dataset.remark = theirs.remark ?? "";
    panel.dataset.text = theirs.text ?? "";
    (unit.el.querySelector("fieldset.scale") ?? unit.el.firstElementChild).after(panel);
  };

  async function choose(unit, panel, choice) {
    if (panel.dataset.rev) unit.rev.value = panel.dataset.rev;
    if (choice === "theirs") {
      const key = unit.key;
      unit.forget();
      await beside.refresh([key]);
      const now = units.get(key);
      now.controls[0]?.focus();
      page.show(now, "saved");
    } else if (choice === "mine") {
      unit.held = "";
      page.touched(unit, 0);
      if (!unit.isChanged) { unit.saved = ""; page.touched(unit, 0); }
    } else rewrite(unit, panel);
  }

  // Both texts stand in the field, and nothing is sent until something is changed there.
  function rewrite(unit, panel) {
    const field = (name) => unit.controls.find((each) => each.name === `${unit.key}-${name}`);
    for (const name of ["text", "remark"]) {
      const room = field(name);
      const theirs = panel.dataset[name] ?? "";
      if (room && theirs && room.value !== theirs && !room.value.includes(theirs)) room.value = room.value ? `${room.value}\n\n${theirs}` : theirs;
    }
    unit.held = "rewrite";
    unit.keep();
    (field("text") ?? field("remark") ?? unit.controls[0]).focus();
  }

  // evidence.js has sent or taken off a file: what follows from it is fetched
  form.addEventListener("evidence:changed", () => beside.refresh([]));

  form.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-choose]");
    if (choice) choose(unitOf(choice), choice.closest(".conflict"), choice.dataset.choose);
  });

  // ---------------------------------------------------------------- typing

  function entered(event, delay) {
    const unit = unitOf(event.target);
    if (isEvidence(event.target.name ?? "")) form.toggleAttribute("data-changed", true);
    else if (unit?.controls.includes(event.target)) page.touched(unit, delay);
    beside.tallies();
    if (unit?.el.matches("article")) beside.mark(unit);
  }

  const isTyped = (el) => el.matches("textarea, input:not([type=radio], [type=checkbox], [type=date])");
  form.addEventListener("compositionstart", (event) => { page.composing = unitOf(event.target); });
  form.addEventListener("compositionend", (event) => { page.composing = null; entered(event, REST); });
  form.addEventListener("input", (event) => entered(event, isTyped(event.target) ? REST : 0));
  form.addEventListener("focusout", (event) => {
    const unit = unitOf(event.target);
    if (unit?.isChanged && unit.state === "typing") page.flush({ now: true });
  });
  // pressing what stands at a question does not take the focus away, so nothing is drawn anew under the finger
  form.addEventListener("mousedown", (event) => { if (event.target.closest("[data-unit-state] :is(button, a)")) event.preventDefault(); });

  form.addEventListener("focusin", (event) => {
    const here = event.target.closest("article[data-unit]");
    if (!here) return;
    form.querySelectorAll("article.is-current").forEach((each) => each.classList.toggle("is-current", each === here));
    here.classList.add("is-current");
    document.querySelectorAll("#agenda li").forEach((each) => each.classList.toggle("is-here", each.querySelector("a")?.hash === `#${here.id}`));
  });

  // The buttons of the page: what is being sent comes first; going on needs no second saving.
  form.addEventListener("submit", async (event) => {
    const by = event.submitter;
    const carriesMore = (by?.name && by.name !== "next") || [...form.elements].some((each) => isEvidence(each.name ?? "") && each.value);
    if (!navigator.onLine) { stop(event); page.flush({ now: true, again: true }); return; }
    if (carriesMore) {
      if (!page.inFlight) return;
      stop(event);
      await page.flush();
      form.requestSubmit(by);
      return;
    }
    if (!form.dataset.next) { if (page.inFlight) { stop(event); await page.flush(); form.requestSubmit(by); } return; }
    stop(event);
    await page.flush({ now: true, again: true });
    const open = [...units.values()].find((unit) => unit.isChanged || unit.held);
    if (open) open.el.querySelector(".conflict, .wrong, [data-unit-state]")?.scrollIntoView({ block: "center" });
    if (open) (open.el.querySelector(".conflict") ?? open.controls[0])?.focus({ preventScroll: true });
    else if (by?.name === "next") location.assign(form.dataset.next);
    else if (!page.inFlight) page.bar({ at: new Date().toLocaleTimeString("ja-JP", { hour: "2-digit", minute: "2-digit" }) });
  });

  function stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // ---------------------------------------------------------------- leaving, coming back, other tabs

  const leave = () => {
    units.forEach((unit) => { if (unit.isChanged) unit.keep(); });
    page.flush({ now: true });
  };
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); else back(); });
  addEventListener("online", () => page.flush({ again: true }));
  addEventListener("focus", () => back());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  async function back() {
    if (page.stopped && (await window.Outbox.renew().catch(() => "out")) !== "same") return;
    page.stopped = false;
    if ([...units.values()].some((unit) => unit.isChanged)) page.flush({ again: true });
  }

  channel?.addEventListener("message", async ({ data }) => {
    if (data.screening !== page.screening) return;
    const untouched = [];
    for (const { key, rev, id } of data.saved) {
      const unit = units.get(key);
      if (unit && (unit.id === id || !unit.isChanged)) {
        if (unit.isChanged) unit.rev.value = rev; else untouched.push(key);
      }
    }
    await beside.refresh(untouched);
    if (untouched.length) page.say(words("elsewhere", { keys: untouched.join("、") }));
  });

  // ---------------------------------------------------------------- the keyboard

  const articles = () => [...form.querySelectorAll("article[data-unit]")].filter((each) => each.checkVisibility());
  const first = (el) => el.querySelector("input:checked:not([type=hidden])") ?? el.querySelector("input:not([type=hidden], :disabled), textarea, select, a");

  function go(el) {
    if (!el) return;
    first(el)?.focus({ preventScroll: true });
    el.scrollIntoView({ block: "start" });
  }

  function step(by) {
    const all = articles();
    const here = all.indexOf(document.activeElement.closest("article[data-unit]"));
    go(all[here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by]);
  }

  function nextOpen() {
    const all = articles();
    const here = all.indexOf(document.activeElement.closest("article[data-unit]"));
    const found = [...all.slice(here + 1), ...all.slice(0, here + 1)].find((each) => !units.get(each.dataset.unit).isAnswered);
    if (found) go(found); else page.say(words("none-left"));
  }

  function guidance() {
    const fold = (document.activeElement.closest("article[data-unit]") ?? articles()[0])?.querySelector("details.help");
    if (fold) fold.open = !fold.open;
  }

  const KEYS = { ArrowDown: () => step(1), ArrowUp: () => step(-1), KeyN: nextOpen, KeyG: guidance };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const isSave = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.code === "KeyS";
    const opensList = event.target.matches?.("select, input[type=date]") && event.code.startsWith("Arrow");
    const act = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && !opensList ? KEYS[event.code] : null;
    if (!isSave && !act) return;
    event.preventDefault();
    if (isSave) page.flush({ now: true, again: true }); else act();
  });

  // ---------------------------------------------------------------- the beginning

  function restored() {
    const found = window.Outbox.entries().filter((entry) => entry.screening === page.screening && units.has(entry.key));
    const put = [];
    for (const entry of found) {
      const unit = units.get(entry.key);
      const text = JSON.stringify(entry.fields);
      if (text === unit.saved) { unit.forget(); continue; }
      unit.write(text);
      if (!unit.isChanged) { unit.forget(); continue; }
      unit.rev.value = entry.rev;
      put.push(entry.key);
    }
    if (put.length) document.getElementById("kept-here")?.append(notice("good", words("restored"), make("p", {}, words("restored-note", { keys: put.join("、") }))));
  }

  form.querySelectorAll("[data-unit]").forEach((each) => page.adopt(each));
  form.removeAttribute("data-keep");
  window.Outbox.isLive = (entry) => entry.screening === page.screening && units.has(entry.key);
  restored();
  units.forEach((unit) => {
    if (unit.el.querySelector(".conflict")) unit.held = "conflict";
    else if ("refused" in form.dataset && !unit.el.querySelector(".wrong")) unit.saved = "";
    if (unit.isChanged) page.touched(unit, 0);
  });
  beside.tallies();
})();
