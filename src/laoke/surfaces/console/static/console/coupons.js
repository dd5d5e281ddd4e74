/* The form of an issue shows only the way that was chosen; without script all of them are there. */
"use strict";
(() => {
  const form = document.querySelector("form.issue");
  if (!form) return;
  const ways = form.querySelectorAll("[data-way]");
  const show = () => {
    const chosen = form.querySelector("[name=to]:checked");
    ways.forEach((way) => {
      way.hidden = Boolean(chosen) && !way.dataset.way.split(" ").includes(chosen.value);
    });
  };
  form.addEventListener("change", (event) => {
    if (event.target.name === "to") show();
  });
  show();
})();
