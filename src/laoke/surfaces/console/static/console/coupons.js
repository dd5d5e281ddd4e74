/* Forms show only the way that was chosen, and send nothing of the others; without script all of them are there. */
"use strict";
(() => {
  const form = document.querySelector("form[data-ways]");
  if (!form) return;
  const ways = form.querySelectorAll("[data-way]");
  const chosen = (name) => form.querySelector(`[name="${name}"]:checked`)?.value;
  const show = () => {
    ways.forEach((way) => {
      const value = chosen(way.dataset.by || "to");
      way.hidden = value !== undefined && !way.dataset.way.split(" ").includes(value);
      way.querySelectorAll("input, select, textarea").forEach((field) => {
        field.disabled = way.hidden;
      });
    });
  };
  form.addEventListener("change", (event) => {
    // An announced code has fixed dates: nothing else can be meant.
    if (event.target.name === "kind" && event.target.value === "announced") {
      form.querySelector('[name="valid"][value="dates"]').checked = true;
    }
    show();
  });
  // The back button brings values without a change.
  window.addEventListener("pageshow", show);
  show();
})();
