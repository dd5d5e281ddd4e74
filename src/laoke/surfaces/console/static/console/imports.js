/* Sending files: how far it is, and what the server says of them. Without script the form sends itself. */
"use strict";
(() => {
  const start = () => {
    const form = document.querySelector("[data-upload]");
    if (!form) return;
    const sending = form.querySelector("[data-sending]"), text = form.querySelector("[data-sending-text]");
    const bar = form.querySelector("progress"), button = form.querySelector("button");
    const files = form.querySelector("input[type=file]");
    const say = (words) => { sending.hidden = false; text.textContent = words; };
    const total = () => [...files.files].reduce((sum, file) => sum + file.size, 0);
    const size = (bytes) => `${(bytes / 1048576).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} MiB`;
    files.addEventListener("change", () => {
      const large = total() > form.dataset.most * 1048576;
      bar.hidden = true;
      if (large) say(text.dataset.large); else { sending.hidden = !files.files.length; text.textContent = files.files.length ? size(total()) : ""; }
      button.disabled = large;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.upload.addEventListener("progress", (told) => {
        if (!told.lengthComputable) return;
        bar.hidden = false;
        bar.value = 100 * told.loaded / told.total;
        say(told.loaded < told.total ? `${text.dataset.sent} ${size(told.loaded)} / ${size(told.total)}` : text.dataset.looking);
      });
      request.addEventListener("load", () => {
        const ended = new URL(request.responseURL, location.href);
        if (request.status < 400) { location.assign(ended.href); return; }
        const answer = new DOMParser().parseFromString(request.responseText, "text/html").getElementById("main");
        if (!answer) { say(text.dataset.lost); return; }
        document.getElementById("main").replaceWith(document.adoptNode(answer));
        const alert = document.querySelector("[role=alert]");
        if (alert) { alert.tabIndex = -1; alert.focus(); }
        start();
      });
      request.addEventListener("error", () => { bar.hidden = true; button.removeAttribute("aria-busy"); say(text.dataset.lost); });
      request.send(new FormData(form));
    });
  };
  start();
})();
