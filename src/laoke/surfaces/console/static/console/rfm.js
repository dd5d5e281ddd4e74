/* Arrow keys move through the fields of the grid; Home and End go to the ends of the row. Tab still reaches each. */
"use strict";
(() => {
  const grid = document.querySelector("[data-grid]");
  if (!grid) return;
  const rows = [...grid.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")].map((cell) => cell.querySelector("[data-cell]")));
  const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
  grid.addEventListener("keydown", (event) => {
    const here = event.target.closest("[data-cell]");
    if (!here || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    let y = rows.findIndex((row) => row.includes(here)), x = rows[y].indexOf(here), next = null;
    if (event.key === "Home") next = rows[y].find(Boolean);
    else if (event.key === "End") next = [...rows[y]].reverse().find(Boolean);
    else if (steps[event.key]) {
      const [down, right] = steps[event.key];
      /* Empty fields are passed over. */
      do { y += down; x += right; next = rows[y] && rows[y][x]; } while (rows[y] && x >= 0 && x < 5 && !next);
    } else return;
    event.preventDefault();
    if (next) next.focus();
  });
})();
