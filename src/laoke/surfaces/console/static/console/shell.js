/* What moves on every page: dialogs, the search over everything, toasts, keys, forms that are sent once.
   Everything here has a way without script: dialogs are pages, the search is a form, toasts are text. */
"use strict";
(() => {
  const DIALOG = "X-Laoke-Dialog", GO = "X-Laoke-Go";
  const dialog = document.getElementById("dialog"), palette = document.getElementById("palette");
  const toasts = document.getElementById("toasts");
  const busy = new WeakSet();
  let opener = null, asked = 0;

  /* Dialogs: a link with data-dialog shows its page in a dialog; forms in it are sent from there. */
  const show = (html) => {
    dialog.innerHTML = html;
    if (!dialog.open) dialog.showModal();
    if (window.htmx) window.htmx.process(dialog);
    const first = dialog.querySelector("[autofocus], [aria-invalid=true], .dlg-b input:not([type=hidden]), .dlg-b select, .dlg-b textarea, .dlg-b button, .dlg-b a");
    (first || dialog.querySelector("[data-close]")).focus();
    dialog.dispatchEvent(new CustomEvent("laoke:shown", { bubbles: true }));
    for (const script of dialog.querySelectorAll("script[src]")) load(script.getAttribute("src"));
  };
  const load = (src) => {
    if ([...document.scripts].some((script) => script.parentNode === document.head && script.getAttribute("src") === src)) return;
    const script = document.createElement("script");
    script.src = src;
    document.head.append(script);
  };
  const ask = async (address, options) => {
    const mine = ++asked;
    const headers = { [DIALOG]: "1", Accept: "text/html" };
    let answer;
    try { answer = await fetch(address, { ...options, headers, credentials: "same-origin" }); } catch { return false; }
    if (mine !== asked) return true;
    const on = answer.headers.get(GO);
    if (on) { leave(on); return true; }
    if (answer.redirected && !answer.headers.get(DIALOG)) { leave(answer.url); return true; }
    if (!answer.headers.get(DIALOG)) return false;
    show(await answer.text());
    return true;
  };
  const leave = (address) => {
    const target = new URL(address, location.href);
    const here = target.pathname === location.pathname && target.search === location.search;
    if (here && target.hash === location.hash) location.reload(); else location.assign(target.href);
  };
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!dialog.open) opener = link;
    link.setAttribute("aria-busy", "true");
    if (!await ask(link.href)) location.assign(link.href);
    link.removeAttribute("aria-busy");
  });
  dialog.addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter;
    if (event.defaultPrevented || form.hasAttribute("hx-post") || form.hasAttribute("hx-get") || form.dataset.native !== undefined) return;
    const method = (button && button.getAttribute("formmethod")) || form.method;
    const address = new URL((button && button.getAttribute("formaction")) || form.getAttribute("action") || dialog.dataset.address || location.href, location.href);
    if (address.pathname.startsWith("/preferences") || address.pathname === "/logout") return;
    event.preventDefault();
    const body = new FormData(form);
    if (button && button.name) body.append(button.name, button.value);
    const options = { method: "POST", body };
    if (method === "get") { address.search = new URLSearchParams(body).toString(); options.method = "GET"; delete options.body; }
    if (!await ask(address.href, options)) { release(form); form.dataset.native = ""; form.setAttribute("action", address.href); HTMLFormElement.prototype.submit.call(form); }
    else release(form);
  });
  dialog.addEventListener("close", () => {
    asked += 1;
    dialog.innerHTML = "";
    if (opener && opener.isConnected) opener.focus();
    opener = null;
  });
  for (const box of [dialog, palette]) {
    box.addEventListener("click", (event) => {
      if (event.target === box || event.target.closest("[data-close]")) { event.preventDefault(); box.close(); }
    });
  }

  /* A form without an address of its own, asked for by a dialog, is sent to where the dialog came from. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (link) dialog.dataset.address = link.href;
  }, true);

  /* Forms that act are sent once. The server counts too (the field `once`); this spares the wait and the doubt. */
  const release = (form) => {
    busy.delete(form);
    for (const button of form.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.dataset.again !== undefined) return;
    if (busy.has(form)) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    busy.add(form);
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
    setTimeout(() => release(form), 15000);
  }, true);
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  /* The search over everything. */
  const find = () => {
    if (!palette || palette.open) return;
    opener = document.activeElement;
    palette.showModal();
    typed.select();
    stir();
  };
  /* htmx takes up a page a moment after it has loaded; asked before, it would not hear. */
  const stir = () => {
    if (typed.hasAttribute("data-htmx-powered") || !window.htmx) typed.dispatchEvent(new Event("palette:open"));
    else if (palette.open) setTimeout(stir, 50);
  };
  const top = document.querySelector("[data-palette-open]");
  /* The field in the top bar is a search of its own. Only the pointer opens the larger one: opened by focus, it would
     catch whoever passes with the Tab key (WCAG 2.1.2, 3.2.1). */
  if (top) top.addEventListener("pointerdown", (event) => { event.preventDefault(); find(); });
  palette.addEventListener("close", () => { if (opener && opener.isConnected) opener.focus(); });
  /* Enter opens the first hit, as soon as the hits are those of what is typed. */
  const typed = palette.querySelector("input");
  let eager = 0;
  const openFirst = () => {
    const shown = palette.querySelector("#palette-found [data-text]");
    if (!shown || shown.dataset.text !== typed.value.trim()) return false;
    const first = shown.querySelector("a");
    if (first) location.assign(first.href);
    return true;
  };
  typed.addEventListener("input", () => { clearTimeout(eager); eager = 0; });
  palette.addEventListener("submit", (event) => {
    if (!window.htmx || !typed.value.trim()) return;
    event.preventDefault();
    // What is on its way goes first; when it does not come, the page of the search has it.
    if (!openFirst()) eager = eager || setTimeout(() => HTMLFormElement.prototype.submit.call(event.target), 4000);
  });
  document.addEventListener("htmx:after:swap", () => { if (eager && palette.open && openFirst()) { clearTimeout(eager); eager = 0; } });
  // A search field keeps the first Esc for itself, to empty it.
  /* New hits take the place of the one somebody had come to: back to the field. */
  document.addEventListener("htmx:after:swap", () => {
    if (palette.open && !palette.contains(document.activeElement)) palette.querySelector("input").focus();
  });
  palette.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.preventDefault(); palette.close(); } });
  palette.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [palette.querySelector("input"), ...palette.querySelectorAll("#palette-found a")];
    const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    if (stops[next]) { event.preventDefault(); stops[next].focus(); }
  });

  /* Keys. Single letters can be switched off (WCAG 2.1.4). */
  const single = document.querySelector(".app") && document.querySelector(".app").dataset.shortcuts === "on";
  let waiting = 0;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") { event.preventDefault(); find(); return; }
    const field = event.target.closest && event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
    if (!single || field || event.ctrlKey || event.metaKey || event.altKey || dialog.open || palette.open) return;
    const key = event.key.toLowerCase(), since = Date.now() - waiting;
    if (key === "g") { waiting = Date.now(); return; }
    waiting = 0;
    if (since < 1200 && (key === "m" || key === "o")) { go(key === "m" ? "/members" : "/"); return; }
    if (key === "/") {
      const search = document.querySelector("main input[type=search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "?") {
      const help = document.querySelector("[data-help]");
      if (help) help.click();
    }
  });
  const go = (path) => { if (document.querySelector(`.nav a[href="${path}"]`)) location.assign(path); };

  /* Menus close by Esc and by a click elsewhere. */
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  /* Toasts go after ten seconds, unless somebody is at them. */
  const mind = (toast) => {
    let held = false;
    for (const on of ["pointerenter", "focusin"]) toast.addEventListener(on, () => { held = true; });
    for (const off of ["pointerleave", "focusout"]) toast.addEventListener(off, () => { held = false; });
    const timer = setInterval(() => { if (!held) { toast.remove(); clearInterval(timer); } }, 10000);
  };
  if (toasts) {
    toasts.querySelectorAll("[data-toast]").forEach(mind);
    toasts.addEventListener("click", (event) => { if (event.target.closest("[data-dismiss]")) event.target.closest("[data-toast]").remove(); });
    window.laoke = { toast: (html) => { toasts.innerHTML = html; toasts.querySelectorAll("[data-toast]").forEach(mind); }, load };
  }

  /* Copying a secret: the field beside the button. */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select();
    let done = true;
    try { await navigator.clipboard.writeText(field.value); } catch { done = document.execCommand("copy"); }
    if (!done) return;
    button.dataset.copied = "";
    const words = button.querySelector("span");
    if (words && button.dataset.said) { words.setAttribute("role", "status"); words.textContent = button.dataset.said; }
  });
})();
