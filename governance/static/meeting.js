// Shows on every device of a meeting, or of a KYT session, what was recorded on another one, without a reload (reviews/live.py). Asks for the version every
// few seconds; when it has changed, takes the page anew and puts in the parts that differ. A part in which somebody writes stays as it
// is: only the revisions of its forms are renewed, and only when what the form began from is still the same.
"use strict";

(() => {
  const room = document.querySelector("[data-live]");
  if (!room) return;
  const { live, here, out, every, said, lost, gone } = room.dataset;
  const refused = "kept" in room.dataset; // the page holds what was entered and could not be recorded
  const pause = Number(every) * 1000;
  let version = room.dataset.version;
  let failures = 0;
  let timer = null;
  let shown = null;

  function say(words, stays = false) {
    room.textContent = words;
    room.classList.remove("vh");
    clearTimeout(shown);
    if (!stays) shown = setTimeout(() => room.classList.add("vh"), 8000);
  }

  const again = (after) => { clearTimeout(timer); timer = setTimeout(ask, after); };

  async function ask() {
    if (document.hidden) return;
    try {
      const answer = await fetch(live, { headers: { "If-None-Match": `"${version}"`, Accept: "application/json" }, cache: "no-store", redirect: "manual" });
      if (answer.status === 403 || answer.status === 404) { location.assign(out); return; }
      if (answer.type === "opaqueredirect" || answer.status === 401) { say(gone, true); return; }
      if (answer.status === 200) await renew((await answer.json()).version);
      else if (answer.status !== 304) throw new Error(answer.status);
      if (failures >= 3) room.classList.add("vh");
      failures = 0;
      again(pause);
    } catch {
      failures += 1;
      if (failures === 3) say(lost, true);
      again(Math.min(pause * 2 ** failures, 30000));
    }
  }

  async function renew(newer) {
    const answer = await fetch(here, { cache: "no-store", redirect: "manual", headers: { Accept: "text/html" } });
    if (answer.status === 403 || answer.status === 404) { location.assign(out); return; }
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const before = now(document);
    const parts = [...document.querySelectorAll("[data-part]")];
    if (parts.some((part) => !page.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`)) && !parts.some(busy)) { location.assign(here); return; }
    for (const part of parts) {
      const made = page.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
      if (made) busy(part) ? keep(part, made) : replace(part, made);
    }
    version = newer;
    const after = now(page);
    say(after && after !== before ? after : said);
  }

  const now = (page) => page.querySelector(".next-step .what")?.textContent.trim() ?? "";
  const fields = (place) => [...place.querySelectorAll("input:not([type=hidden]), textarea, select")];
  const written = (field) => (field.matches("[type=radio], [type=checkbox]") ? field.checked !== field.defaultChecked
    : field.matches("select") ? [...field.options].some((each) => each.selected !== each.defaultSelected) && field.selectedIndex > 0
    : field.value !== field.defaultValue);
  const filled = (field) => (field.matches("[type=radio], [type=checkbox]") ? field.checked : field.value.trim() !== "");
  const busy = (part) => fields(part).some((field) => field === document.activeElement || written(field) || (refused && filled(field)));
  const base = (form) => JSON.stringify(fields(form).map((field) => [field.name, field.type, field.matches("select")
    ? [...field.options].findIndex((each) => each.defaultSelected) : field.matches("[type=radio], [type=checkbox]") ? [field.value, field.defaultChecked] : field.defaultValue]));

  const hidden = (form, name) => form.querySelector(`input[type=hidden][name="${name}"]`)?.value;

  // Somebody writes here: let the form be sent on the present revision when nobody else changed what it is about.
  function keep(part, made) {
    for (const form of part.querySelectorAll("form")) {
      const twin = [...made.querySelectorAll("form")].find((each) => each.getAttribute("action") === form.getAttribute("action"));
      if (!twin || base(twin) !== base(form)) continue;
      if (["motion", "number", "outcome"].some((name) => hidden(form, name) !== hidden(twin, name))) continue;
      for (const name of ["rev", "csrf_token"]) {
        const [own, other] = [form.elements.namedItem(name), twin.elements.namedItem(name)];
        if (own && other) own.value = other.value;
      }
    }
  }

  // Put a part in; what was unfolded stays unfolded, and the focus stays on its button or link.
  function replace(part, made) {
    const plain = (place) => { const copy = place.cloneNode(true); copy.querySelectorAll("input[name=once], input[name=csrf_token]").forEach((each) => each.remove());
      copy.querySelectorAll("details").forEach((each) => each.removeAttribute("open")); copy.querySelectorAll("form").forEach((each) => { delete each.dataset.sent; delete each.dataset.changed; }); return copy.innerHTML.trim(); };
    if (plain(part) === plain(made)) return;
    const open = new Set([...part.querySelectorAll("details[open]")].map((each) => each.firstElementChild.textContent));
    const doors = "a, summary, button";
    const held = part.contains(document.activeElement) ? document.activeElement : null;
    part.replaceChildren(...made.childNodes);
    window.htmx?.process(part);
    part.querySelectorAll("details").forEach((each) => { if (open.has(each.firstElementChild.textContent)) each.open = true; });
    if (held) ([...part.querySelectorAll(doors)].find((each) => each.textContent.trim() === held.textContent.trim())
      ?? part.closest("section, main"))?.focus({ preventScroll: true });
  }

  // What this device wrote itself is no news to it.
  document.addEventListener("htmx:afterSwap", () => { version = document.querySelector("[data-now]")?.dataset.now ?? version; });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) again(0); });
  window.addEventListener("online", () => again(0));
  again(pause);
})();
