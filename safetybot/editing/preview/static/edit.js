// Letters left, while somebody types; and a question before what was typed is left behind.
"use strict";
(() => {
  const form = document.getElementById("edit");
  let typed = document.querySelector("[role=alert]:not([hidden])") !== null;
  let sending = false;

  for (const field of form.querySelectorAll("[data-most]")) {
    const most = Number(field.dataset.most);
    const count = document.createElement("span");
    count.className = "count";
    field.after(count);
    const show = () => {
      const letters = [...field.value.trim()].length;
      count.textContent = `${letters} of ${most} letters`;
      count.classList.toggle("over", letters > most);
    };
    field.addEventListener("input", show);
    show();
  }

  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", () => { sending = true; });
  addEventListener("beforeunload", (event) => {
    if (typed && !sending) event.preventDefault();
  });
})();
