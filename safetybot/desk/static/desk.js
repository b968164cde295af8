// Without this the desk works all the same: it locks on the server. This shows when it will, and empties the page then.
"use strict";
(() => {
  const body = document.body;
  document.documentElement.classList.add("scripted");

  // A page that says how far something is comes again by itself.
  const refresh = document.querySelector("[data-refresh]");
  const dirty = (field) => field.matches("textarea, input:not([type=hidden])") && field.value !== field.defaultValue;
  if (refresh) setInterval(() => {
    if (![...document.querySelectorAll("input, textarea")].some(dirty)) location.reload();
  }, Number(refresh.dataset.refresh) * 1000);

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  const idle = Number(body.dataset.idle || 0) * 1000;
  // Tabs of one browser have one login: where one shows that it is over, the others look at once.
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("desk") : null;
  if (!idle) {
    if (tabs) tabs.postMessage("look");
    return;
  }
  const WARN = 120_000, PING = 60_000;
  const notice = document.getElementById("idle"), left = document.getElementById("idle-left");
  let ends = Date.now() + idle, pinged = Date.now(), done = false, locked = false, asking = false;

  const token = () => document.querySelector(".lock input[name=csrf]").value;

  async function ask(options) {
    const answer = await fetch("/here", { headers: { accept: "application/json" }, ...options });
    if (answer.status === 401) return null;
    if (!answer.ok) throw new Error("no answer");
    const said = await answer.json();
    return said.member === null ? null : said;
  }

  async function stay() {
    pinged = Date.now();
    done = false;
    try {
      const said = await ask({ method: "POST", body: new URLSearchParams({ csrf: token() }) });
      if (said === null) lock();
      else ends = Date.now() + said.left * 1000;
    } catch { /* the server cannot be reached: the time goes on */ }
    show();
  }

  async function look() {
    // Another tab of the same login may have done something meanwhile: the server knows.
    if (asking || locked) return;
    asking = true;
    try {
      const said = await ask({});
      if (said === null || said.member !== body.dataset.member) lock();
      else ends = Math.max(ends, Date.now() + said.left * 1000);
    } catch {
      if (Date.now() >= ends) lock();
    } finally {
      asking = false;
    }
    show();
  }

  function show() {
    const rest = ends - Date.now();
    notice.hidden = locked || rest > WARN;
    if (!notice.hidden) {
      const minutes = Math.ceil(rest / 60_000);
      const words = rest > 60_000 ? `${minutes} minutes` : "less than a minute";
      if (left.textContent !== words) left.textContent = words;
    }
  }

  function tick() {
    if (locked) return;
    const now = Date.now();
    if (done && now - pinged >= PING) void stay();
    else if (ends - now <= WARN && now - pinged >= 15_000) { pinged = now; void look(); }
    else if (now >= ends) void look();
    show();
  }

  // --- Locking: nothing of a case stays on the page. What was being written is kept by this script alone, out of the
  // page, and shown again to the same member once they have logged in.
  function lock() {
    if (locked) return;
    locked = true;
    const forms = [...document.querySelectorAll("main form:not([autocomplete=off])")].filter((form) =>
      [...form.elements].some((each) => each.type !== "password" && dirty(each)));
    const main = document.getElementById("main");
    main.replaceChildren();
    for (const each of document.querySelectorAll(".top nav, .lock, footer")) each.remove();
    notice.hidden = true;
    document.title = "Locked – Safetybot desk";
    const title = document.createElement("h1");
    title.textContent = "The desk is locked";
    const says = document.createElement("p");
    const way = document.createElement("p"), link = document.createElement("a");
    link.className = "button";
    link.href = "/login";
    link.textContent = "Log in";
    way.append(link);
    main.append(title, says, way);
    if (forms.length === 0) {
      says.textContent = "Log in to go on.";
      main.focus();
      location.replace("/login");  // it says why
      return;
    }
    says.textContent = "What you were writing is not lost: keep this page open, log in in a new tab, and come back.";
    link.target = "_blank";
    link.rel = "noopener";
    const back = document.createElement("button");
    back.type = "button";
    back.className = "quiet";
    back.textContent = "I have logged in: show what I was writing";
    back.addEventListener("click", async () => {
      const said = await ask({}).catch(() => null);
      if (said === null || said.member !== body.dataset.member) {
        says.textContent = "You are not logged in yet, or as somebody else. Log in in a new tab, and come back.";
        return;
      }
      for (const form of forms) for (const field of form.querySelectorAll("input[name=csrf]")) field.value = said.csrf;
      title.textContent = "What you were writing";
      says.textContent = "Send it from here, or copy it. The rest of the page was cleared.";
      way.remove();
      main.append(...forms);
      main.focus();
    });
    way.append(" ", back);
    main.focus();
  }

  for (const kind of ["keydown", "pointerdown", "input"]) {
    document.addEventListener(kind, () => { done = true; }, { passive: true });
  }
  document.getElementById("idle-stay").addEventListener("click", () => void stay());
  document.addEventListener("visibilitychange", () => { if (!document.hidden) void look(); });
  if (tabs) tabs.addEventListener("message", () => void look());
  setInterval(tick, 1000);
  // A page that a browser shows again from its memory may be of a login that is over.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
