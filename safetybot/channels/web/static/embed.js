// Puts a button where this script stands; it opens the chat in a frame. It stores nothing, asks nobody else for
// anything, and looks at nothing of the page it stands on.
"use strict";
(() => {
  const words = {/* words */};
  const script = document.currentScript;
  const origin = new URL(script.src).origin;

  // Styles set one by one, for a site's own policy may forbid style sheets within the page.
  const styled = (element, styles) => {
    Object.assign(element.style, styles);
    return element;
  };
  const made = (name, text, styles) => {
    const element = styled(document.createElement(name), styles);
    if (text) element.textContent = text;
    return element;
  };
  const button = {
    font: "600 1rem/1.3 system-ui, sans-serif",
    minHeight: "2.75rem",
    padding: "0.5rem 1rem",
    borderRadius: "0.75rem",
    border: "0.125rem solid #1d5f63",
    background: "#1d5f63",
    color: "#ffffff",
    cursor: "pointer",
  };
  const quiet = { ...button, background: "#ffffff", color: "#1d5f63" };

  const open = made("button", words.open, button);
  open.type = "button";
  open.setAttribute("aria-haspopup", "dialog");
  script.after(open);

  const dialog = made("dialog", "", {
    width: "min(30rem, 100vw)",
    height: "min(46rem, 100dvh)",
    maxWidth: "100vw",
    maxHeight: "100dvh",
    padding: "0",
    border: "0.125rem solid #77858d",
    borderRadius: "0.75rem",
    overflow: "hidden",
  });
  dialog.setAttribute("aria-label", words.frame);
  const bar = made("div", "", {
    display: "flex",
    flexWrap: "wrap",
    gap: "0.5rem",
    justifyContent: "space-between",
    padding: "0.5rem",
    background: "#f6f3ee",
    boxSizing: "border-box",
  });
  const close = made("button", words.close, quiet);
  close.type = "button";
  const page = made("a", words.page, { ...quiet, textDecoration: "none", boxSizing: "border-box" });
  page.href = `${origin}/`;
  page.target = "_blank";
  page.rel = "noopener noreferrer";
  page.setAttribute("aria-label", `${words.page} (${words.newTab})`);
  bar.append(page, close);
  const column = made("div", "", { display: "flex", flexDirection: "column", height: "100%" });
  column.append(bar);
  dialog.append(column);
  open.after(dialog);

  let frame = null;
  open.addEventListener("click", () => {
    // Made anew each time: what was said before is not to be found again by whoever comes next.
    frame = made("iframe", "", { border: "0", width: "100%", flex: "1 1 0", minHeight: "0" });
    frame.title = words.frame;
    frame.src = `${origin}/embed`;
    frame.referrerPolicy = "no-referrer";
    frame.setAttribute(
      "sandbox",
      "allow-scripts allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox " +
        "allow-top-navigation-by-user-activation allow-modals"
    );
    frame.allow = "clipboard-write";
    column.append(frame);
    dialog.showModal();
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    frame?.remove();
    frame = null;
    open.focus();
  });
})();
