// Makes a case's page quicker to work with. Everything on it works without this too.
"use strict";

(() => {
  const body = document.body;
  const csrf = document.querySelector('input[name="csrf"]');

  // --- How many letters are left
  for (const box of document.querySelectorAll("textarea[data-limit]")) {
    const limit = Number(box.dataset.limit);
    const count = document.getElementById(`${box.id}-count`);
    const said = count.textContent;
    const show = () => {
      // As the server counts: by letters, not by the halves of an emoji.
      const used = [...box.value.trim()].length;
      count.classList.toggle("over", used > limit);
      count.textContent =
        used > limit
          ? `${(used - limit).toLocaleString("en-GB")} letters too many.`
          : used
            ? `${(limit - used).toLocaleString("en-GB")} letters left.`
            : said;
    };
    box.addEventListener("input", show);
    show();
  }

  // --- A saved phrase goes where the writing stands
  const use = document.getElementById("use-phrase");
  const reply = document.getElementById("reply");
  if (use && reply) {
    // Where nobody has been yet, it goes to the end. (Somebody may have been there before this script was.)
    let touched = document.activeElement === reply;
    for (const kind of ["focus", "input"]) {
      reply.addEventListener(kind, () => { touched = true; });
    }
    use.addEventListener("click", (event) => {
      event.preventDefault();
      const phrase = document.getElementById("phrase").selectedOptions[0].dataset.say;
      const at = touched ? reply.selectionStart : reply.value.length;
      const before = reply.value.slice(0, at).trimEnd();
      const after = reply.value.slice(touched ? reply.selectionEnd : at).trimStart();
      const start = before ? `${before}\n\n${phrase}` : phrase;
      reply.value = after ? `${start}\n\n${after}` : start;
      reply.focus();
      reply.setSelectionRange(start.length, start.length);
      reply.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  // --- Labels we use: a press adds one, or takes it away
  const labels = document.getElementById("labels");
  const list = document.getElementById("suggested");
  if (labels && list) {
    const parts = () => labels.value.split(",").map((each) => each.trim()).filter(Boolean);
    for (const item of list.children) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = item.textContent;
      const show = () => button.setAttribute("aria-pressed", String(parts().includes(button.textContent)));
      button.addEventListener("click", () => {
        const name = button.textContent;
        const now = parts();
        labels.value = (now.includes(name) ? now.filter((each) => each !== name) : [...now, name]).join(", ");
        show();
      });
      labels.addEventListener("input", show);
      show();
      item.replaceChildren(button);
    }
  }

  const print = document.getElementById("print");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }

  // --- What is typed and not sent is not left by mistake
  for (const box of document.querySelectorAll("textarea")) box.dataset.kept = "";
  let sent = null;
  document.addEventListener("submit", (event) => { sent = event.target; });
  addEventListener("pageshow", () => { sent = null; });
  addEventListener("beforeunload", (event) => {
    const boxes = [...document.querySelectorAll("textarea")];
    // A form that is sent takes its own text along, and no other's.
    if (boxes.some((box) => box.form !== sent && box.value.trim() !== box.dataset.kept)) event.preventDefault();
  });

  // --- Who else is here, and what is new
  const id = body.dataset.case;
  if (!id || !csrf) return;
  const fields = () => new URLSearchParams({ csrf: csrf.value, seen: body.dataset.seen });
  const others = document.getElementById("others");
  const news = document.getElementById("news");
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(`/cases/${id}/here`, {
        method: "POST", body: fields(), headers: { Accept: "application/json" },
      });
      if (!answer.ok) return;
      const said = await answer.json();
      others.hidden = !said.others.length;
      document.getElementById("others-names").textContent = said.others.join(", ");
      const text = said.changes.length ? `New: ${said.changes.join("; ")}.` : "";
      const shown = document.getElementById("news-text");
      if (shown.textContent !== text) shown.textContent = text;
      news.hidden = !text;
    } catch {
      // No connection, or the desk was stopped: the next act will tell.
    }
  };
  look();
  setInterval(look, 30_000);
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", () => { navigator.sendBeacon(`/cases/${id}/away`, fields()); });
})();
