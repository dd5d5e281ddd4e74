/* Columns change places in the form at once; without this each step is sent and comes back in the other order. */
"use strict";
(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-columns] button[name=move]");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("li"), list = row.parentElement, down = button.value.endsWith(":down");
    const other = down ? row.nextElementSibling : row.previousElementSibling;
    if (!other) return;
    if (down) other.after(row); else other.before(row);
    const rows = [...list.children];
    rows.forEach((each, n) => {
      const [up, below] = each.querySelectorAll("button[name=move]");
      for (const [end, step] of [[n === 0, up], [n === rows.length - 1, below]]) {
        if (end) step.setAttribute("aria-disabled", "true"); else step.removeAttribute("aria-disabled");
      }
    });
    button.focus();
    row.scrollIntoView({ block: "nearest" });
    const told = list.parentElement.querySelector("[data-moved]");
    told.textContent = told.dataset.words.replace("{name}", row.querySelector("label").textContent.trim())
      .replace("{n}", rows.indexOf(row) + 1).replace("{all}", rows.length);
  });
})();
