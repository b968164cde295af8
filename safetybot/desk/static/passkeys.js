// Asks the browser for passkeys. Without this there are none: codes and the passphrase do.
"use strict";
(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const known = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

  async function answer(options) {
    const asked = { ...options, challenge: bytes(options.challenge) };
    const wanted = "rp" in options;
    let made;
    if (wanted) {
      asked.user = { ...options.user, id: bytes(options.user.id) };
      asked.excludeCredentials = known(options.excludeCredentials);
      made = await navigator.credentials.create({ publicKey: asked });
    } else {
      asked.allowCredentials = known(options.allowCredentials);
      made = await navigator.credentials.get({ publicKey: asked });
    }
    const parts = wanted
      ? ["clientDataJSON", "attestationObject"]
      : ["clientDataJSON", "authenticatorData", "signature", "userHandle"];
    const response = {};
    for (const part of parts) if (made.response[part]) response[part] = text(made.response[part]);
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
  }

  function why(error) {
    if (error.name === "InvalidStateError") return "This device or key has a passkey of yours already.";
    if (error.name === "NotAllowedError") return "No passkey was shown. Try once more.";
    return "Your browser could not use a passkey here.";
  }

  // --- A form that is sent with a passkey's answer and nothing else
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("button"), wrong = form.querySelector("[role=alert]");
    button.hidden = false;
    form.querySelector("[data-unscripted]").hidden = true;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      wrong.hidden = true;
      try {
        form.elements.passkey.value = await answer(JSON.parse(form.dataset.passkey));
        form.submit();
      } catch (error) {
        wrong.textContent = why(error);
        wrong.hidden = false;
        button.disabled = false;
      }
    });
  }

  // --- Instead of the passphrase, where it is asked for once more
  if (!("passkeys" in document.body.dataset)) return;
  for (const field of document.querySelectorAll("form input[name=passphrase]")) {
    const form = field.form;
    if (form.querySelector("input[name=passphrase-new]")) continue;
    const button = document.createElement("button"), wrong = document.createElement("span");
    button.type = "button";
    button.className = "quiet passkey";
    button.textContent = "Use a passkey instead";
    wrong.className = "wrong";
    wrong.setAttribute("role", "alert");
    field.closest(".field").append(button, wrong);
    const needed = field.required;
    const said = (words) => { wrong.textContent = words; };
    form.addEventListener("submit", () => setTimeout(() => {
      // An answer holds once, and a form that makes a file stays on the page.
      form.querySelector("input[name=passkey]")?.remove();
      field.disabled = button.disabled = false;
    }));
    button.addEventListener("click", async () => {
      field.required = false;
      const whole = form.reportValidity();
      field.required = needed;
      if (!whole) return;
      button.disabled = true;
      said("");
      try {
        const csrf = form.elements.csrf.value;
        const headers = { accept: "application/json" };
        const asked = await fetch("/passkey", { method: "POST", headers, body: new URLSearchParams({ csrf }) });
        const { options } = await asked.json();
        const hidden = document.createElement("input");
        hidden.type = "hidden";
        hidden.name = "passkey";
        hidden.value = await answer(JSON.parse(options));
        form.append(hidden);
        field.disabled = true;
        const ways = form.querySelectorAll("button:not([type=button])");
        if (ways.length === 1) form.requestSubmit(ways[0]);
        else said("Your passkey was shown. Now choose.");
      } catch (error) {
        said(why(error));
        button.disabled = false;
      }
    });
  }
})();
