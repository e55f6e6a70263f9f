// What a page gains with script; every form and link works without it.
// 1. htmx sends the form token.  2. A form is sent once.  3. Leaving with unsaved text asks first.
"use strict";

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]');
  if (token) event.detail.headers["X-CSRFToken"] = token.content;
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("data-hx-post")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  delete form.dataset.changed;
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form && form.method === "post" && form.hasAttribute("data-keep")) form.dataset.changed = "1";
});

window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-changed]")) event.preventDefault();
});

// A page shown again from the browser's memory may be sent again.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});
