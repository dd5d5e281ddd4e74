/* One member: what was shown in clear masks itself again; the preview of an adjustment needs no button. */
"use strict";
(() => {
  const mask = (box) => {
    for (const value of box.querySelectorAll("[data-clear]")) value.textContent = "••••••";
    const note = box.querySelector(".note span");
    if (note) note.textContent = box.dataset.hiddenText;
  };
  const mind = (root) => {
    for (const box of root.querySelectorAll("[data-hide-after]:not([data-minded])")) {
      box.dataset.minded = "";
      const until = Date.now() + Number(box.dataset.hideAfter) * 1000;
      const timer = setInterval(() => {
        const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
        const shown = box.querySelector("[data-left]");
        if (shown) shown.textContent = String(left);
        if (!left || !box.isConnected) { clearInterval(timer); mask(box); }
      }, 250);
    }
    /* With script the preview comes by itself. */
    for (const button of root.querySelectorAll("[data-adjust] button[name=preview]")) button.hidden = true;
  };
  mind(document);
  document.addEventListener("laoke:shown", (event) => mind(event.target));
  addEventListener("pagehide", () => document.querySelectorAll("[data-hide-after]").forEach(mask));
  /* What was wrong when the form was sent says nothing about what is typed now; the preview does. */
  document.addEventListener("input", (event) => {
    const field = event.target, form = field.closest && field.closest("form[data-adjust]");
    if (!form || field.getAttribute("aria-invalid") !== "true") return;
    field.removeAttribute("aria-invalid");
    const error = document.getElementById(`${field.id}_error`);
    if (error) error.remove();
    const about = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== `${field.id}_error`);
    if (about.length) field.setAttribute("aria-describedby", about.join(" ")); else field.removeAttribute("aria-describedby");
    const all = form.querySelector(".note.danger[role=alert]");
    if (all && !form.querySelector("[aria-invalid=true]")) all.remove();
  });
  /* A reason of one's own needs words: the note is asked for where it is needed. */
  document.addEventListener("change", (event) => {
    if (event.target.name === "why" && event.target.value === "other") {
      const note = event.target.form && event.target.form.elements.note;
      if (note) note.focus();
    }
  });
})();
