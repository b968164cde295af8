// Follows the content folder: asks for news, and shows them without a reload. Pages with a form are never replaced.
"use strict";
(() => {
  const body = document.body;
  const how = body.dataset.follow;
  const news = document.getElementById("news");
  let key = body.dataset.key;
  let number = parseInt(key, 10);
  let waiting = new AbortController();
  document.addEventListener("visibilitychange", () => { if (document.hidden) waiting.abort(); });

  // Nothing is replaced under a finger: a press that ends on another element than it began on is no click.
  let released = Promise.resolve();
  document.addEventListener("pointerdown", () => {
    released = new Promise((done) => {
      const ended = () => setTimeout(done);  // after the click, which comes with it
      document.addEventListener("pointerup", ended, { once: true });
      document.addEventListener("pointercancel", ended, { once: true });
    });
  });

  async function swap() {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("main");
    const main = document.getElementById("main");
    if (!fresh) return;
    await released;
    const focused = document.activeElement;
    const href = main.contains(focused) ? focused.getAttribute("href") : null;
    const open = [...main.querySelectorAll("details[open] > summary")].map((each) => each.textContent);
    main.replaceChildren(...fresh.childNodes);
    document.title = page.title;
    for (const each of main.querySelectorAll("details > summary")) {
      if (open.includes(each.textContent)) each.parentElement.open = true;
    }
    if (href) {
      for (const each of main.querySelectorAll("a[href]")) {
        if (each.getAttribute("href") === href) { each.focus({ preventScroll: true }); break; }
      }
    }
  }

  async function follow() {
    const ask = new URLSearchParams({ key });
    if (body.dataset.file) { ask.set("file", body.dataset.file); ask.set("base", body.dataset.base); }
    // A page that nobody looks at asks nothing: a browser has only a few connections to one place.
    waiting = new AbortController();
    if (document.hidden) {
      await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
    }
    const answer = await fetch(`/changes?${ask}`, { cache: "no-store", signal: waiting.signal });
    if (!answer.ok) throw new Error("no answer");
    const told = await answer.json();
    key = told.key;
    if (news.textContent !== told.learning) news.textContent = told.learning;
    if (told.changed) {
      const moved = document.getElementById("moved");
      if (moved) moved.hidden = false;
    }
    if (told.number !== number) {
      number = told.number;
      if (how === "swap") await swap();
    }
  }

  async function always() {
    let wait = 500;
    for (;;) {
      try {
        await follow();
        wait = 500;
        if (body.dataset.lost) { delete body.dataset.lost; if (how === "swap") await swap(); }
      } catch (error) {
        if (error.name === "AbortError") continue;
        body.dataset.lost = "1";
        news.textContent = "The preview does not answer. Is it still running?";
        await new Promise((done) => setTimeout(done, wait));
        wait = Math.min(wait * 2, 5000);
        key = "";
      }
    }
  }

  if (how) always();
})();
