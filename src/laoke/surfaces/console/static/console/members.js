/* The member list: ticking rows by mouse and keys, and the bar that belongs to them. Everything it does can be done
   without it: rows are ticked, and the buttons of the bar open a page. */
"use strict";
(() => {
  const list = () => document.getElementById("list");
  const boxes = () => [...document.querySelectorAll("#list input[name=ids]")];
  let last = null, at = -1;

  const mind = () => {
    const form = document.getElementById("selection");
    if (!form) return;
    const all = form.elements.all, chosen = boxes().filter((box) => box.checked);
    const words = form.querySelector("[data-selected]");
    form.hidden = !chosen.length && !all.checked;
    words.textContent = words.dataset.selected.replace("{n}", chosen.length);
    for (const box of boxes()) box.closest("tr").classList.toggle("on", box.checked || all.checked);
    const page = document.querySelector("#list [data-page]");
    if (!page) return;
    page.hidden = false;
    page.checked = chosen.length > 0 && chosen.length === boxes().length;
    page.indeterminate = chosen.length > 0 && !page.checked;
  };

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!box.closest || !box.closest("#list")) return;
    if (box.matches("[data-page]")) for (const each of boxes()) each.checked = box.checked;
    mind();
  });
  /* Shift and click: everything from the last one ticked. */
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!box.matches || !box.matches("#list input[name=ids]")) return;
    const every = boxes();
    if (event.shiftKey && last && every.includes(last)) {
      const [from, to] = [every.indexOf(last), every.indexOf(box)].sort((a, b) => a - b);
      for (const each of every.slice(from, to + 1)) each.checked = box.checked;
      mind();
    }
    last = box;
  });
  document.addEventListener("reset", (event) => {
    if (event.target.id === "selection") setTimeout(() => { for (const box of boxes()) box.checked = false; mind(); }, 0);
  });
  /* What is done with them opens over the list. */
  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    if (form.id !== "selection" || !button) return;
    event.preventDefault();
    const asked = new URLSearchParams(new FormData(form));
    if (form.elements.all.checked) asked.delete("ids");
    asked.set("action", button.value);
    const link = document.createElement("a");
    link.href = `${form.getAttribute("action")}?${asked}`;
    link.dataset.dialog = "";
    link.hidden = true;
    form.append(link);
    link.click();
    link.remove();
    button.focus();
  });

  const go = (step) => {
    const rows = [...document.querySelectorAll("#list tbody tr")];
    if (!rows.length) return;
    at = Math.max(0, Math.min(rows.length - 1, at + step));
    rows.forEach((row, n) => row.classList.toggle("at", n === at));
    rows[at].querySelector("a").focus();
    rows[at].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    const app = document.querySelector(".app");
    if (!app || app.dataset.shortcuts !== "on" || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select")) return;
    const key = event.key.toLowerCase();
    if (key === "j") go(1);
    else if (key === "k") go(-1);
    else if (key === "x") {
      const row = document.querySelector("#list tr.at") || (event.target.closest("#list tbody tr"));
      const box = row && row.querySelector("input[name=ids]");
      if (!box) return;
      box.checked = !box.checked;
      last = box;
      mind();
    } else return;
    event.preventDefault();
  });

  /* Another page of the list came in: nothing is ticked on it. */
  new MutationObserver(() => { if (list() && !list().dataset.minded) { list().dataset.minded = ""; at = -1; last = null; mind(); } })
    .observe(document.getElementById("main"), { childList: true });
  if (list()) list().dataset.minded = "";
  mind();
})();
