// Evidence at a question, with script. Every button here also works as a part of the page's form, which saves the page first.
// 1. Files that are chosen or dropped are sent at once, each by itself, and the list is put in place; nothing else on the page moves.
// 2. A link is sent the same way.  3. What asks before it acts (choosing from the project, taking off) opens in a dialog.
"use strict";

(() => {
  const form = document.querySelector("form[data-autosave]");
  if (!form || !window.fetch || !window.HTMLDialogElement) return;
  const WORDS = {
    ja: { sending: "{name}を送っています（{percent}%）", sent: "{name}を加えました。", failed: "{name}を送れませんでした。接続を確かめてください。", again: "もう一度送る", leave: "閉じる",
      large: "「{name}」は大きすぎます（上限{limit} MB）。分割するか、保管場所へのリンクを登録してください。", empty: "「{name}」は空のファイルか、フォルダーです。中身のあるファイルを選んでください。", out: "サインインの有効期限が切れました。別の画面でサインインしてから、もう一度送ってください。", gone: "この質問は、いま変更できません。ページを開き直してください。" },
    en: { sending: "Sending {name} ({percent} %)", sent: "{name} was added.", failed: "{name} was not sent. Check the connection.", again: "Send again", leave: "Close",
      large: "“{name}” is too large (limit {limit} MB). Split it, or register a link to where it is kept.", empty: "“{name}” is empty, or a folder. Choose a file with content.", out: "Your sign-in has ended. Sign in in another window and send again.", gone: "This question cannot be changed now. Open the page again." },
  }[document.documentElement.lang === "en" ? "en" : "ja"];
  const say = (words, values = {}) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const address = (room, rest = "") => `/screenings/${form.dataset.autosave}/evidence/${encodeURIComponent(room.dataset.evidence)}${rest}`;
  const roomOf = (element) => element.closest("[data-evidence]");
  const field = (room, name) => form.elements[`${room.dataset.evidence}-${name}`];
  const token = () => document.querySelector('meta[name="csrf-token"]').content;
  let line = Promise.resolve();

  function made(tag, attributes = {}, text = "") {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.textContent = text;
    return element;
  }

  // --- 1. files -----------------------------------------------------------------------------------------------------

  // A chosen file is on its way at once: it is no entry of the page that would still have to be saved.
  form.addEventListener("input", (event) => { if (event.target.type === "file" && roomOf(event.target)) event.stopImmediatePropagation(); }, true);
  form.addEventListener("change", (event) => {
    const room = event.target.type === "file" && roomOf(event.target);
    if (!room) return;
    const files = [...event.target.files];
    event.target.value = "";
    take(room, files);
  });

  // A file dropped beside the zone must not replace the page.
  ["dragover", "drop"].forEach((kind) => window.addEventListener(kind, (event) => {
    if ([...(event.dataTransfer?.types ?? [])].includes("Files")) event.preventDefault();
  }));
  const zones = (event) => event.target.closest?.("article[data-unit]")?.querySelector(".drop") ?? null;
  form.addEventListener("dragover", (event) => {
    form.querySelectorAll(".drop.is-over").forEach((each) => { if (each !== zones(event)) each.classList.remove("is-over"); });
    zones(event)?.classList.add("is-over");
  });
  ["dragleave", "drop"].forEach((kind) => window.addEventListener(kind, (event) => {
    if (kind === "drop" || !event.relatedTarget) form.querySelectorAll(".drop.is-over").forEach((each) => each.classList.remove("is-over"));
  }));
  form.addEventListener("drop", (event) => {
    const room = zones(event) && roomOf(zones(event));
    if (room && event.dataTransfer.files.length) take(room, [...event.dataTransfer.files]);
  });

  function take(room, files) {
    const alone = files.length === 1;
    for (const file of files) {
      const state = place(room);
      const limit = Number(field(room, "file").dataset.limit);
      if (file.size > limit) refuse(state, say(WORDS.large, { name: file.name, limit: +(limit / 1e6).toPrecision(4) }));
      else if (!file.size) refuse(state, say(WORDS.empty, { name: file.name }));
      else {
        const body = new FormData();
        body.append("file", file);
        body.append("title", alone ? field(room, "title").value : "");
        body.append("expires", field(room, "expires").value);
        send(room, body, file.name, state);
      }
    }
  }

  // --- sending: one after the other, so that the answers' list never goes backwards --------------------------------------

  function place(room) {
    const state = made("p", { class: "sending-one" });
    room.querySelector("[data-sending]").append(state);
    return state;
  }

  function send(room, body, name, state) {
    state.textContent = say(WORDS.sending, { name, percent: 0 });
    line = line.then(() => new Promise((done) => {
      const request = new XMLHttpRequest();
      request.open("POST", address(room));
      request.setRequestHeader("X-CSRFToken", token());
      request.setRequestHeader("Accept", "application/json");
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) state.textContent = say(WORDS.sending, { name, percent: Math.round((100 * event.loaded) / event.total) });
      });
      request.addEventListener("loadend", () => { settle(room, body, name, state, request); done(); });
      request.send(body);
    }));
  }

  function settle(room, body, name, state, request) {
    let told = {};
    try { told = JSON.parse(request.responseText); } catch { /* no answer, or one of a machine between */ }
    if (request.status === 200) {
      renew(room, told);
      ["title", "url", "expires"].forEach((each) => { if (body.get(each)) field(room, each).value = ""; });
      if (![...form.elements].some((each) => /-(url|title|expires)$/.test(each.name) && each.value)) form.removeAttribute("data-changed");
      state.textContent = say(WORDS.sent, { name });
      state.classList.add("is-good");
      setTimeout(() => state.remove(), 6000);
    } else if (request.status === 403 && told.token) {
      freshen().then(() => again(room, body, name, state, say(WORDS.failed, { name })));
    } else if (request.status === 401) again(room, body, name, state, WORDS.out);
    else if (request.status === 409) again(room, body, name, state, told.text ?? say(WORDS.failed, { name }));
    else if (told.problems?.length || told.text) refuse(state, told.problems?.map((each) => each.text).join(" ") || told.text);
    else if (request.status === 404 || request.status === 410 || request.status === 423) refuse(state, WORDS.gone);
    else again(room, body, name, state, say(WORDS.failed, { name }));
  }

  async function freshen() {
    const found = await fetch("/token", { headers: { Accept: "application/json" } }).then((answer) => answer.json()).catch(() => ({}));
    if (found.token) document.querySelector('meta[name="csrf-token"]').content = found.token;
  }

  function refuse(state, words) {
    state.classList.add("is-bad");
    state.textContent = words;
    state.append(close(state));
  }

  function again(room, body, name, state, words) {
    refuse(state, words);
    const button = made("button", { type: "button", class: "button quiet small" }, WORDS.again);
    button.addEventListener("click", () => { state.classList.remove("is-bad"); freshen().then(() => send(room, body, name, state)); });
    state.lastChild.before(button);
  }

  function close(state) {
    const button = made("button", { type: "button", class: "button quiet small" }, WORDS.leave);
    button.addEventListener("click", () => state.remove());
    return button;
  }

  // The list as it now stands, and the revision of the answer, which files may change (the kind "file").
  function renew(room, told) {
    room.querySelector("[data-pieces]").innerHTML = told.pieces;
    form.querySelectorAll("[data-pick]").forEach((each) => { each.hidden = false; });
    const rev = field(room, "rev");
    if (rev && told.rev !== undefined) rev.value = told.rev;
    room.dispatchEvent(new CustomEvent("evidence:changed", { bubbles: true, detail: { key: room.dataset.evidence, count: told.count, rev: told.rev } }));
  }

  const isSending = () => form.querySelector(".sending-one:not(.is-good, .is-bad)");
  window.addEventListener("beforeunload", (event) => { if (isSending()) event.preventDefault(); });

  // Whatever leads away waits until the files on their way have arrived, and until one that did not is sent again or closed.
  form.addEventListener("submit", (event) => {
    const failed = form.querySelector(".sending-one.is-bad");
    if (!isSending() && !failed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isSending()) line.then(() => form.requestSubmit(event.submitter));
    else {
      failed.scrollIntoView({ block: "center" });
      failed.querySelector("button")?.focus({ preventScroll: true });
    }
  }, true);

  // --- 2. a link, and 3. what asks first --------------------------------------------------------------------------------

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=add], button[name=go]");
    const room = button && roomOf(button);
    if (!room) return;
    if (button.name === "add") {
      const url = field(room, "url").value.trim();
      if (!url) return;
      event.preventDefault();
      if (!field(room, "url").reportValidity()) return;
      const body = new FormData();
      body.append("url", url);
      ["title", "expires"].forEach((each) => body.append(each, field(room, each).value));
      send(room, body, url, place(room));
      return;
    }
    const [act, , piece] = button.value.split(":");
    if (act === "pick") ask(event, room, button, address(room));
    if (act === "detach") ask(event, room, button, address(room, `/${piece}/detach`));
  });

  async function ask(event, room, button, path) {
    event.preventDefault();
    const answer = await fetch(path).catch(() => null);
    const matter = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-ask]");
    if (!matter) { refuse(place(room), answer ? WORDS.gone : say(WORDS.failed, { name: "" })); return; }
    const dialog = made("dialog", { class: "ask", "aria-label": matter.querySelector("h1").textContent });
    dialog.append(document.adoptNode(matter));
    document.body.append(dialog);
    dialog.addEventListener("close", () => { dialog.remove(); (button.isConnected ? button : room.querySelector(".field-label")).focus(); });
    dialog.addEventListener("click", (clicked) => {
      if (clicked.target.closest("a.button")) { clicked.preventDefault(); dialog.close(); }
    });
    dialog.addEventListener("submit", (sent) => { sent.preventDefault(); sent.stopImmediatePropagation(); confirm(room, dialog, sent.target); }, true);
    dialog.showModal();
  }

  async function confirm(room, dialog, asked) {
    const sender = asked.querySelector("button[type=submit]");
    sender.disabled = true;
    const headers = { Accept: "application/json", "X-CSRFToken": token() };
    const answer = await fetch(asked.action, { method: "POST", body: new FormData(asked), headers }).catch(() => null);
    const told = await answer?.json().catch(() => ({}));
    if (answer?.ok) {
      dialog.close();
      renew(room, told);
      const state = place(room);
      state.classList.add("is-good");
      state.textContent = told.said;
      setTimeout(() => state.remove(), 6000);
      return;
    }
    sender.disabled = false;
    let said = dialog.querySelector(".sending-one");
    if (!said) { said = made("p", { class: "sending-one is-bad", role: "alert" }); asked.before(said); }
    said.textContent = told?.problems?.map((each) => each.text).join(" ") || told?.text || told?.signed_out || (answer ? WORDS.gone : say(WORDS.failed, { name: "" }));
  }
})();
