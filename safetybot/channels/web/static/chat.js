// The chat without reloading. Everything here also works without it, with plain forms.
"use strict";
(() => {
  const log = document.getElementById("log");
  const say = document.getElementById("say");
  const press = document.getElementById("press");
  const box = document.getElementById("text");
  const status = document.getElementById("status");
  const notice = document.getElementById("notice");
  const offline = document.getElementById("offline");
  const words = document.getElementById("words").dataset;
  const framed = document.body.classList.contains("framed");

  const IDLE = 15 * 60 * 1000; // as on the server
  const TOUCH = 2 * 60 * 1000;
  const PATIENCE = 60 * 1000;
  let busy = false;
  let failed = null; // what could not be sent: its form and its fields, to be tried again
  let lastSent = Date.now();

  // ---- Showing ----------------------------------------------------------------------------------------------------

  /* Whether there is a real keyboard, as far as a page can tell. */
  const keyboard = () => window.matchMedia("(hover: hover) and (pointer: fine)").matches;

  const still = () => !window.matchMedia("(prefers-reduced-motion: no-preference)").matches;

  const lastNumber = () => Number(log.lastElementChild?.dataset.number ?? 0);

  const unhide = (within) => {
    for (const each of within.querySelectorAll(".scripted[hidden]")) each.hidden = false;
  };

  const sayStatus = (text) => {
    status.textContent = text;
  };

  const show = (answer) => {
    if (answer.cleared) log.replaceChildren();
    const last = lastNumber();
    log.insertAdjacentHTML("beforeend", answer.html);
    // Two requests may have brought the same entry.
    const seen = new Set();
    for (const entry of [...log.children]) {
      if (seen.has(entry.dataset.number) || Number(entry.dataset.number) < answer.first) entry.remove();
      seen.add(entry.dataset.number);
    }
    unhide(log);
    take(answer);
    const first = [...log.children].find(
      (entry) => Number(entry.dataset.number) > last && entry.classList.contains("bot")
    );
    (first ?? log.lastElementChild)?.scrollIntoView({ block: "start", behavior: still() ? "auto" : "smooth" });
  };

  const tell = (...content) => {
    notice.replaceChildren(...content);
    notice.scrollIntoView({ block: "nearest" });
  };

  // ---- Sending ----------------------------------------------------------------------------------------------------

  const post = (path, fields, more = {}) =>
    fetch(path, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      redirect: "error",
      ...more,
    });

  const take = (answer) => {
    for (const name of ["token", "chat"]) {
      if (!answer[name]) continue;
      for (const field of document.querySelectorAll(`input[name=${name}]`)) field.value = answer[name];
    }
  };

  const renew = async () => {
    const response = await fetch(framed ? "/embed" : "/", { headers: { Accept: "application/json" } });
    take(await response.json());
  };

  const send = async (form, fields) => {
    if (busy) {
      // Whoever asks for help is not kept waiting for the answer to something else.
      if (fields.get("press") === "now") native(form, fields);
      return false;
    }
    busy = true;
    failed = null;
    notice.replaceChildren();
    document.body.classList.add("busy");
    sayStatus(words.writing);
    const typed = fields.get("press") ? null : fields.get("text");
    const fromBox = typed !== null && form === say;
    fields.set("seen", String(lastNumber()));
    try {
      let response = await post(form.action, fields, { signal: AbortSignal.timeout(PATIENCE) });
      if (response.status === 403) {
        // The page may be an old one: with a new token it is tried once more.
        await renew();
        for (const name of ["token", "chat"]) {
          const field = form.elements.namedItem(name);
          if (field) fields.set(name, field.value);
        }
        response = await post(form.action, fields, { signal: AbortSignal.timeout(PATIENCE) });
      }
      const answer = await response.json();
      lastSent = Date.now();
      if (answer.closed) {
        native(form, fields);
        return false;
      }
      if (answer.problem) {
        const part = document.createElement("div");
        part.innerHTML = answer.problem;
        tell(part);
        return false;
      }
      if (fromBox && box.value === typed) box.value = "";
      show(answer);
      if (fields.get("press")?.startsWith("lang:") && answer.language !== document.documentElement.lang) {
        // The same once more changes nothing, and brings the whole page in the language that was chosen.
        fields.set("text", box.value);
        native(form, fields);
        return false;
      }
      // On a phone the keyboard would come up and cover the answer.
      if (fromBox && keyboard()) box.focus({ preventScroll: true });
      return true;
    } catch {
      failed = { form, fields };
      tell(offline.content.cloneNode(true));
      return false;
    } finally {
      busy = false;
      document.body.classList.remove("busy");
      sayStatus("");
    }
  };

  // Without a script's help: the answer is a whole page.
  const native = (form, fields) => {
    const copy = document.createElement("form");
    copy.method = "post";
    copy.action = form.action;
    for (const [name, value] of fields) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      copy.append(field);
    }
    document.body.append(copy);
    copy.submit();
  };

  const submitted = (event) => {
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(event.target));
    if (event.submitter?.name) fields.set(event.submitter.name, event.submitter.value);
    if (event.target === say && !fields.get("press") && !box.value.trim()) return Promise.resolve(false);
    return send(event.target, fields);
  };

  // An old browser keeps the plain forms.
  if (AbortSignal.timeout && "replaceChildren" in Element.prototype && "requestSubmit" in HTMLFormElement.prototype) {
    say.addEventListener("submit", submitted);
    press.addEventListener("submit", submitted);
    document.getElementById("hide").addEventListener("submit", async (event) => {
      if (!(await submitted(event))) return;
      box.value = "";
      box.focus();
    });
  }

  // Enter sends where there is a real keyboard; on a phone it makes a new line, and there is a button.
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (!keyboard()) return;
    event.preventDefault();
    say.requestSubmit();
  });

  box.addEventListener("input", () => {
    if (Date.now() - lastSent < TOUCH) return;
    lastSent = Date.now();
    post(say.action.replace(/\/say(#.*)?$/, "/here"), new URLSearchParams(new FormData(press))).catch(() => {});
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (!button) return;
    if (button.dataset.do === "again" && failed) {
      box.focus();
      send(failed.form, failed.fields);
    }
    if (button.dataset.do === "copy") copy(button);
    if (button.dataset.do === "print") window.print();
  });

  const copy = async (button) => {
    const code = button.closest("li").querySelector("strong")?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(code);
      sayStatus(words.copied);
    } catch {
      sayStatus(words.notCopied);
    }
  };

  // ---- Leaving ----------------------------------------------------------------------------------------------------

  const leaveForm = document.getElementById("leave");
  const exit = leaveForm.querySelector("button").dataset.exit;

  const leave = () => {
    // First nothing is to be seen any more, then the server is told, then the page is replaced in the history.
    document.documentElement.classList.add("gone");
    document.title = "";
    // Without being led away itself: only the page goes there.
    const [path, fields] = [`${leaveForm.action}?quietly`, new URLSearchParams(new FormData(leaveForm))];
    try {
      if (!navigator.sendBeacon(path, fields)) throw new Error();
    } catch {
      post(path, fields, { keepalive: true }).catch(() => {});
    }
    document.body.replaceChildren();
    const top = framed ? window.top : window;
    try {
      top.location.replace(exit);
    } catch {
      window.location.replace(exit);
    }
  };

  leaveForm.addEventListener("submit", (event) => {
    event.preventDefault();
    leave();
  });

  // Shift three times within five seconds, each alone: a capital letter is no such press.
  let shifts = 0;
  let alone = false;
  let timer = 0;
  const forgetShifts = () => {
    shifts = 0;
    window.clearTimeout(timer);
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Shift") {
      if (!event.repeat) alone = !event.ctrlKey && !event.altKey && !event.metaKey;
      return;
    }
    alone = false;
    if (shifts) sayStatus("");
    forgetShifts();
  });
  document.addEventListener("pointerdown", () => {
    alone = false;
  });
  document.addEventListener("keyup", (event) => {
    if (event.key !== "Shift" || !alone) return;
    alone = false;
    shifts += 1;
    if (shifts === 1) {
      timer = window.setTimeout(() => {
        forgetShifts();
        sayStatus(words.shiftOver);
      }, 5000);
    }
    if (shifts >= 3) {
      forgetShifts();
      sayStatus(words.leaving);
      leave();
    } else {
      sayStatus(shifts === 1 ? words.shiftTwo : words.shiftOne);
    }
  });

  // ---- Staying fresh ----------------------------------------------------------------------------------------------

  window.setInterval(() => {
    if (Date.now() - lastSent < IDLE || busy) return;
    if (framed) log.replaceChildren();
    else window.location.replace("/");
  }, 5000);

  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload(); // a page kept by the browser may show what is gone
  });

  unhide(document);
  if (!window.location.hash && log.childElementCount > 1) log.lastElementChild.scrollIntoView({ block: "nearest" });
})();
