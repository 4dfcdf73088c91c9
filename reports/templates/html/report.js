"use strict";
(() => {
  const form = document.getElementById("filters");
  const all = [...document.querySelectorAll("[data-v]")];
  const groups = [...document.querySelectorAll("#scenarios details.section, .chapter")];

  // Letters are looked for in the id and the title, as they are shown.
  const words = new Map();
  const textOf = (item) => {
    if (!words.has(item)) {
      const head = item.querySelector("summary") || item;
      words.set(item, head.textContent.toLowerCase());
    }
    return words.get(item);
  };

  const filter = () => {
    const verdicts = new Set(
      [...form.querySelectorAll("[name=verdict]:checked")].map((box) => box.value));
    const level = form.elements.level.value;
    const extension = form.elements.extension.value;
    const text = form.elements.text.value.trim().toLowerCase();
    let shown = 0;
    for (const item of all) {
      const { v, l, x } = item.dataset;
      const fits = verdicts.has(v) && (!level || l === level) && (!extension || x === extension) &&
        (!text || textOf(item).includes(text));
      item.hidden = !fits;
      if (fits && item.localName === "li") shown += 1;
    }
    for (const group of groups) {
      group.hidden = !group.querySelector("[data-v]:not([hidden])");
    }
    const rows = all.filter((item) => item.localName === "li").length;
    form.elements.shown.value = `${shown} of ${rows} scenarios`;
  };

  if (form) {
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("reset", () => setTimeout(filter));
    form.addEventListener("submit", (event) => event.preventDefault());
    filter();
  }

  // What a link leads to must be seen, whatever is folded or filtered away.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (form && target.hidden) form.reset();
    for (let at = target; at; at = at.parentElement) {
      if (at.localName === "details") at.open = true;
      at.hidden = false;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

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

  // On paper nothing can be unfolded.
  addEventListener("beforeprint", () => {
    for (const card of document.querySelectorAll(".card")) card.open = true;
  });
})();
