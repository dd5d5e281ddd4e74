/* The editor of offers: keeps what is filled in as it is filled in, and shows what it gives. Without script the buttons
   send the form. One request is under way at a time; what was changed meanwhile goes with the next. */
"use strict";
(() => {
  const form = document.querySelector("form[data-live]");
  if (!form) return;
  let timer = 0, under = false, waiting = null, tries = 0, dirty = false;

  const say = (text) => { const line = form.querySelector("[data-saved]"); if (line) line.textContent = text; };
  const open = () => [...form.querySelectorAll("details[open] > summary[id]")].map((each) => each.id);
  const where = () => {
    const active = document.activeElement;
    if (!active || !form.contains(active)) return null;
    return { id: active.id, name: active.name, value: active.type === "checkbox" ? active.value : null, text: active.type === "text" ? [active.selectionStart, active.selectionEnd] : null };
  };
  const back = (place) => {
    if (!place) return;
    let found = place.id ? document.getElementById(place.id) : null;
    if (!found && place.name) found = [...form.elements].find((each) => each.name === place.name && (place.value === null || each.value === place.value)) || null;
    if (!found || found === document.activeElement) return;
    found.focus({ preventScroll: true });
    if (place.text && found.type === "text") found.setSelectionRange(...place.text);
  };

  /* Parts of the answer take the place of the parts of their name. */
  const show = (html, deed) => {
    const answer = new DOMParser().parseFromString(html, "text/html");
    const parts = answer.querySelectorAll("[data-part]");
    if (!parts.length) return false;
    const place = where(), opened = open(), before = new Set([...form.elements].map((each) => each.name));
    for (const part of parts) {
      const old = document.querySelector(`[data-part="${part.dataset.part}"]`);
      if (old) old.replaceWith(document.adoptNode(part));
    }
    mark();
    for (const id of opened) { const summary = document.getElementById(id); if (summary && !id.startsWith("add-")) summary.parentElement.open = true; }
    if (deed && deed.startsWith("add:")) {
      const fresh = [...form.elements].filter((each) => each.name && !before.has(each.name) && each.type !== "hidden" && each.name !== "do");
      const first = fresh.find((each) => each.name.endsWith(".value")) || fresh[0];
      if (first) {
        const ticks = first.closest("details.ticks");
        if (ticks) { ticks.open = true; ticks.querySelector("summary").focus(); } else first.focus();
        return true;
      }
    }
    back(place);
    return true;
  };

  /* The list of what is to be done names the fields; the sentences themselves stay while somebody types in them. */
  const mark = () => {
    for (const box of form.querySelectorAll(".wrong")) box.classList.remove("wrong");
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const link of form.querySelectorAll("a[data-to]")) {
      const field = document.getElementById(link.dataset.to);
      if (!field) continue;
      (field.closest(".tok") || field).classList.add("wrong");
      if (field.tagName !== "SUMMARY") field.setAttribute("aria-invalid", "true");
    }
  };

  const send = async (deed) => {
    clearTimeout(timer);
    if (under) { waiting = deed !== "save" ? deed : waiting || deed; return; }
    under = true; dirty = false;
    const body = new FormData(form);
    body.set("do", deed);
    say(form.dataset.saving);
    let answer = null;
    try { answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" }, credentials: "same-origin" }); } catch { answer = null; }
    under = false;
    if (!answer || answer.status >= 500) {
      say(form.dataset.lost); dirty = true; tries += 1;
      if (deed === "save") timer = setTimeout(() => send("save"), Math.min(60000, 2000 * 2 ** tries));
      return;
    }
    tries = 0;
    const on = answer.headers.get("HX-Redirect");
    if (on) { dirty = false; location.assign(on); return; }
    if (answer.redirected || !show(await answer.text(), deed)) {
      // The session has ended, or something else is in the way: the form goes as it would without script, and is kept.
      dirty = false;
      const what = document.createElement("input");
      what.type = "hidden"; what.name = "do"; what.value = deed;
      form.append(what);
      HTMLFormElement.prototype.submit.call(form);
      return;
    }
    if (waiting) { const next = waiting; waiting = null; send(next); } else if (dirty) timer = setTimeout(() => send("save"), 600);
  };
  const later = () => { dirty = true; clearTimeout(timer); timer = setTimeout(() => send("save"), 800); };

  form.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.name || field.name === "who" || field.name === "basket") return;
    if (field.type === "text") field.size = Math.max(4, Math.min(24, field.value.length + (field.value.match(/[⺀-￿]/g) || []).length + 1));
    const ticks = field.closest("details.ticks");
    if (ticks) {
      const line = ticks.querySelector("[data-chosen]");
      line.textContent = [...ticks.querySelectorAll("input:checked")].map((each) => each.parentElement.textContent.trim()).join(", ") || line.dataset.none;
    }
    if (field.tagName === "SELECT" || field.type === "checkbox") { dirty = true; if (!ticks) { send("save"); return; } }
    later();
  });
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || button.dataset.whole !== undefined || button.name !== "do") { dirty = false; clearTimeout(timer); return; }
    event.preventDefault();
    send(button.value);
  });

  /* Ctrl+Z takes the last kept change back; in a field with something freshly typed it is the browser's. */
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "z") return;
    if (document.querySelector("dialog[open]") || dirty) return;
    const button = form.querySelector(event.shiftKey ? "[data-redo]" : "[data-undo]");
    if (!button || button.disabled) return;
    event.preventDefault();
    send(event.shiftKey ? "redo" : "undo");
  });

  /* For whom the receipt is: all are there. Another basket is asked for. */
  form.addEventListener("click", async (event) => {
    const who = event.target.closest("a[data-who]"), basket = event.target.closest("a[data-basket]");
    if (who) {
      event.preventDefault();
      const part = who.closest("[data-part]");
      for (const each of part.querySelectorAll("a[data-who]")) if (each === who) each.setAttribute("aria-current", "true"); else each.removeAttribute("aria-current");
      for (const each of part.querySelectorAll("[data-receipt]")) each.hidden = each.dataset.receipt !== who.dataset.who;
      form.elements.who.value = who.dataset.who;
    } else if (basket) {
      event.preventDefault();
      form.elements.basket.value = basket.dataset.basket;
      if (form.querySelector("[data-undo]")) send("save"); else location.assign(basket.href);
    }
    const to = event.target.closest("a[data-to]");
    if (to) {
      const field = document.getElementById(to.dataset.to);
      if (field) { event.preventDefault(); for (let box = field.closest("details"); box; box = box.parentElement.closest("details")) if (!box.open && field.tagName !== "SUMMARY") box.open = true; field.focus(); field.scrollIntoView({ block: "center" }); }
    }
    const load = event.target.closest("a[data-load]");
    if (load) {
      event.preventDefault();
      const panel = load.closest("[data-panel]");
      if (panel.getAttribute("aria-busy") === "true") return;
      panel.setAttribute("aria-busy", "true");
      const wait = document.createElement(panel.tagName === "SMALL" ? "span" : "p");
      wait.className = "sm mute"; wait.setAttribute("role", "status"); wait.textContent = load.dataset.load;
      panel.append(wait);
      let text = null;
      try { const answer = await fetch(load.href, { headers: { "HX-Request": "true" }, credentials: "same-origin" }); text = await answer.text(); } catch { text = null; }
      panel.removeAttribute("aria-busy");
      const found = text && new DOMParser().parseFromString(text, "text/html").querySelector(`[data-panel="${panel.dataset.panel}"]`);
      if (found) { panel.replaceWith(document.adoptNode(found)); } else location.assign(load.href);
    }
  });
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
})();
