// Without this the queue works all the same: "Refresh" shows what is new. With it the list keeps itself up to date, and
// has keys.
"use strict";
(() => {
  const search = document.getElementById("search"), help = document.getElementById("keys");
  const place = document.getElementById("queue");
  const list = () => document.getElementById("queue-list");

  // --- Keys ----------------------------------------------------------------------------------------------------
  const OFF = "desk-keys-off";
  const off = document.getElementById("keys-off");
  const stored = {
    get() { try { return localStorage.getItem(OFF) !== null; } catch { return false; } },
    set(on) { try { if (on) localStorage.setItem(OFF, ""); else localStorage.removeItem(OFF); } catch { /* for this page alone */ } },
  };
  let silent = stored.get();

  function showSwitch() {
    off.setAttribute("aria-pressed", String(silent));
    off.hidden = false;
  }
  if (off) {
    showSwitch();
    off.addEventListener("click", () => { silent = !silent; stored.set(silent); showSwitch(); });
  }

  function move(step) {
    const links = [...document.querySelectorAll("a.case, .found a")];
    if (links.length === 0) return;
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step));
    links[next].focus();
  }

  document.addEventListener("keydown", (event) => {
    if (silent || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "/" && search?.isConnected) { search.focus(); search.select(); }
    else if (event.key === "?" && help?.isConnected) {
      help.open = !help.open;
      if (help.open) help.querySelector("summary").focus();
    } else return;
    event.preventDefault();
  });

  // --- News ----------------------------------------------------------------------------------------------------
  if (!place) return;
  const said = document.getElementById("news"), stale = document.getElementById("stale");
  const TITLE = document.title.replace(/^\(\d+\) /, "");
  let events = null, fetching = false, again = false, waiting = 0;

  // Nothing is replaced under a finger: a press that ends on another element than it began on is no click.
  let released = Promise.resolve();
  document.addEventListener("pointerdown", () => {
    released = new Promise((done) => {
      const ended = () => setTimeout(done);  // after the click, which comes with it
      document.addEventListener("pointerup", ended, { once: true });
      document.addEventListener("pointercancel", ended, { once: true });
    });
  });

  function tell(trouble) {
    if (!stale.isConnected || stale.textContent === trouble) return;
    stale.textContent = trouble;
    stale.hidden = !trouble;
  }

  function count(unread) {
    if (place.isConnected) document.title = (unread > 0 ? `(${unread}) ` : "") + TITLE;
  }

  function swap(html) {
    const made = new DOMParser().parseFromString(html, "text/html").getElementById("queue-list");
    if (!made || !place.isConnected) return;
    const old = list();
    const words = made.dataset.news;
    const before = new Set([...old.querySelectorAll(".case")].map((each) => each.id));
    const held = old.contains(document.activeElement) ? document.activeElement : null;
    const cases = [...old.querySelectorAll("a.case")], nth = cases.indexOf(held);
    const top = held?.getBoundingClientRect().top;
    if (made.innerHTML !== old.innerHTML) {
      old.replaceWith(made);
      for (const each of made.querySelectorAll(".case.unread")) if (!before.has(each.id)) each.classList.add("fresh");
      if (held) {
        // The same line, or where that is gone the one that has come into its place.
        const left = [...made.querySelectorAll("a.case")];
        const now = document.getElementById(held.id) ?? left[Math.min(Math.max(nth, 0), left.length - 1)] ?? null;
        now?.focus({ preventScroll: true });
        if (now) scrollBy(0, now.getBoundingClientRect().top - top);
      }
    } else {
      old.dataset.number = made.dataset.number;
    }
    count(Number(made.dataset.unread));
    if (words) said.textContent = words[0].toUpperCase() + words.slice(1) + ".";
  }

  async function look() {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      do {
        again = false;
        const answer = await fetch(`${place.dataset.part}seen=${list().dataset.number}`, { headers: { accept: "application/json, text/x-part" } });
        if (answer.status === 401) return over();
        if (!answer.ok) throw new Error("no answer");
        const html = await answer.text();
        await released;
        swap(html);
      } while (again && place.isConnected);
      tell("");
    } catch {
      tell("The list could not be brought up to date. It is tried again; “Refresh” does it at once.");
      clearTimeout(waiting);
      waiting = setTimeout(look, 5000);
    } finally {
      fetching = false;
    }
  }

  function over() {
    events?.close();
    // Where the page was emptied already, what was being written waits there.
    if (place.isConnected) location.assign("/");
  }

  function listen() {
    if (!list()) return;
    events = new EventSource(`/events?seen=${list().dataset.number}`);
    events.addEventListener("changed", () => void look());
    events.addEventListener("trouble", () => tell("The desk cannot see what is new at the moment. It keeps trying."));
    events.addEventListener("over", over);
    events.addEventListener("dropped", () => {
      events.close();
      tell("The queue is open in several tabs, so this one no longer shows what is new by itself. “Refresh” does.");
    });
    events.addEventListener("open", () => { if (stale.dataset.lost) { delete stale.dataset.lost; void look(); } });
    events.addEventListener("error", () => {
      stale.dataset.lost = "1";
      tell("The desk cannot be reached at the moment. It is tried again; “Refresh” shows what is new.");
      if (events.readyState === EventSource.CLOSED) { clearTimeout(waiting); waiting = setTimeout(() => { void look(); listen(); }, 5000); }
    });
  }

  addEventListener("pagehide", () => events?.close());
  listen();
})();
