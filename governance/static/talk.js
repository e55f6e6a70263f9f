// Talking beside the answers. Every link here leads to a page that works alone; with script it opens beside the page instead.
// 1. A link with data-talk opens the discussion in a part of the page.  2. Its forms are sent from there; a refusal comes back into it,
// and what cannot be sent stays as it was typed.  3. What is typed is kept for this tab until it was sent.  4. An @ offers people.
"use strict";

(() => {
  const WORDS = {
    ja: { close: "閉じる", loading: "読み込んでいます…", region: "コメントと指摘", found: "件の候補", failed: "送れませんでした。書いた内容は残っています。接続を確かめて、もう一度送ってください。",
      out: "サインインの有効期限が切れました。別の画面でサインインしてから、もう一度送ってください。書いた内容は残っています。" },
    en: { close: "Close", loading: "Loading…", region: "Comments and remarks", found: " people found", failed: "Not sent. What you wrote is kept; check the connection and send it again.",
      out: "Your sign-in has ended. Sign in in another window and send again; what you wrote is kept." },
  }[document.documentElement.lang === "en" ? "en" : "ja"];
  let drawer, body, opener, address;

  // --- 1. the part that opens ---------------------------------------------------------------------------------------

  function made(tag, attributes, text) {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    if (text) element.textContent = text;
    return element;
  }

  function prepare() {
    if (drawer) return;
    drawer = made("dialog", { class: "drawer", "aria-label": WORDS.region });
    const close = made("button", { type: "button", class: "button second small" }, WORDS.close);
    close.addEventListener("click", shut);
    body = made("div", { class: "stack-s drawer-body" });
    drawer.addEventListener("cancel", (event) => { event.preventDefault(); shut(); });
    const head = made("div", { class: "drawer-head" });
    head.append(close);
    drawer.append(head, made("p", { role: "status", class: "drawer-state" }), body);
    document.body.append(drawer);
  }

  function shut() {
    drawer.close();
    document.documentElement.classList.remove("has-drawer");
    if (opener && opener.isConnected) opener.focus();
  }

  async function open(link) {
    prepare();
    const [path, thread] = link.getAttribute("href").split("#");
    opener = link;
    address = path;
    body.replaceChildren();
    tell(WORDS.loading);
    if (!drawer.open && matchMedia("(min-width: 64rem)").matches) drawer.show();
    else if (!drawer.open) drawer.showModal();
    document.documentElement.classList.add("has-drawer");
    await take(fetch(path, { headers: { "HX-Request": "true" } }), thread);
  }

  // --- 2. sending ---------------------------------------------------------------------------------------------------

  async function take(asked, target) {
    let answer;
    try { answer = await asked; } catch { tell(WORDS.failed); return false; }
    if (answer.status === 204) return take(fetch(address, { headers: { "HX-Request": "true" } }));
    const text = await answer.text();
    const page = new DOMParser().parseFromString(text, "text/html");
    if (!page.querySelector("[data-place]")) { await refused(answer.status, page); return false; }
    tell("");
    body.replaceChildren(...page.body.childNodes);
    renew();
    restore();
    const place = (target && document.getElementById(target)) || body.querySelector("[aria-invalid]") || body.querySelector("#talk-title");
    if (place) { place.scrollIntoView({ block: "nearest" }); if (!place.matches("article, li")) place.focus(); }
    return answer.ok;
  }

  async function refused(status, page) {
    if (status === 401) { tell(WORDS.out); return; }
    if (status === 403 || status === 400) await freshen();
    const said = page.querySelector(".notice");
    tell(said ? said.textContent.trim() : WORDS.failed);
  }

  async function freshen() {
    try {
      const found = await (await fetch("/token", { headers: { Accept: "application/json" } })).json();
      if (!found.token) return;
      document.querySelectorAll('input[name="csrf_token"]').forEach((field) => { field.value = found.token; });
      document.querySelector('meta[name="csrf-token"]')?.setAttribute("content", found.token);
    } catch { /* the sentence of the refusal stands */ }
  }

  async function send(form, button) {
    if (form.dataset.sending) return;
    form.dataset.sending = "1";
    const sent = new URLSearchParams(new FormData(form, button));
    const kept = keyOf(form);
    const done = await take(fetch(form.action, { method: "POST", body: sent, headers: { "HX-Request": "true" } }));
    if (done) sessionStorage.removeItem(kept);
    delete form.dataset.sending;
    if (done) restore();
  }

  function tell(words) { drawer.querySelector(".drawer-state").textContent = words; }

  function renew() {
    body.querySelectorAll("template[data-talk-now]").forEach((now) => {
      document.querySelectorAll(`[data-talk-line="${CSS.escape(now.dataset.talkNow)}"]`).forEach((line) => {
        line.replaceChildren(now.content.cloneNode(true));
      });
      now.remove();
    });
  }

  // --- 3. keeping what is typed --------------------------------------------------------------------------------------

  const keyOf = (form) => `talk:${new URL(form.action).pathname}`;

  function restore() {
    document.querySelectorAll(".talk-panel form").forEach((form) => {
      const field = form.querySelector("textarea[data-mention]"), kept = sessionStorage.getItem(keyOf(form));
      if (!field || !kept || field.value) return;
      field.value = kept;
      const fold = form.closest("details");
      if (fold) fold.open = true;
    });
  }

  // --- 4. people after an @ -------------------------------------------------------------------------------------------

  let list, field, from, marked;

  function people(form, typed) {
    const wanted = typed.toLowerCase();
    return [...form.querySelectorAll('input[name="to"]')].filter((box) => box.dataset.name.toLowerCase().replaceAll(/\s/g, "").includes(wanted)).slice(0, 6);
  }

  function offer(area) {
    hide();
    const before = area.value.slice(0, area.selectionStart), found = /[@＠]([^@＠\s]{0,30})$/.exec(before);
    const boxes = found && area.form ? people(area.form, found[1]) : [];
    if (!boxes.length) return;
    field = area;
    from = before.length - found[0].length;
    list = made("ul", { class: "mention", role: "listbox", id: `${area.id}-people`, "aria-label": "@" });
    boxes.forEach((box, number) => {
      const item = made("li", { role: "option", id: `${area.id}-p${number}`, "aria-selected": "false" }, box.dataset.name);
      item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(box); });
      item.box = box;
      list.append(item);
    });
    area.after(list);
    area.setAttribute("aria-controls", list.id);
    area.setAttribute("aria-autocomplete", "list");
    mark(0);
  }

  function mark(number) {
    const items = [...list.children];
    marked = (number + items.length) % items.length;
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === marked)));
    field.setAttribute("aria-activedescendant", items[marked].id);
  }

  function choose(box) {
    const after = field.value.slice(field.selectionStart), name = `@${box.dataset.name} `;
    field.value = field.value.slice(0, from) + name + after;
    field.selectionStart = field.selectionEnd = from + name.length;
    box.checked = true;
    const area = field;
    hide();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function hide() {
    if (!list) return;
    list.remove();
    field.removeAttribute("aria-activedescendant");
    field.removeAttribute("aria-controls");
    list = null;
  }

  // --- events ----------------------------------------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-talk]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(link);
  });

  document.addEventListener("submit", (event) => {
    if (!drawer || !drawer.contains(event.target)) {
      if (event.target.closest(".talk-panel")) sessionStorage.removeItem(keyOf(event.target));
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    send(event.target, event.submitter);
  }, true);

  document.addEventListener("input", (event) => {
    if (!event.target.matches("textarea[data-mention]")) return;
    sessionStorage.setItem(keyOf(event.target.form), event.target.value);
    offer(event.target);
  });

  document.addEventListener("keydown", (event) => {
    if (list && event.target === field && !event.isComposing) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); mark(marked + step); return; }
      if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); choose(list.children[marked].box); return; }
      if (event.key === "Escape") { event.preventDefault(); hide(); return; }
    }
    if (event.key === "Escape" && drawer && drawer.open && drawer.contains(document.activeElement)) shut();
  });

  document.addEventListener("focusout", (event) => { if (list && event.target === field) hide(); });
  restore();
})();
