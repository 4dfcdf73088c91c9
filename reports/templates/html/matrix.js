"use strict";
(() => {
  // What a link leads to must be seen, whatever is folded away.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) {
      if (at.localName === "details") at.open = true;
    }
    // Of a few accusations all are shown at once.
    const cards = target.querySelectorAll(".card");
    if (cards.length <= 3) for (const card of cards) card.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  const only = document.getElementById("only");
  only.parentElement.hidden = false;
  const filter = () => {
    for (const row of document.querySelectorAll(".matrix tbody tr")) {
      row.hidden = only.checked && !row.querySelector("td.fail, td.warn");
    }
  };
  only.addEventListener("input", filter);
  filter();

  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const code = button.previousElementSibling;
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        // Without the right to write to the clipboard, the command is at least selected.
        getSelection().selectAllChildren(code);
      }
    });
  }
})();
