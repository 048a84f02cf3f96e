"use strict";
document.documentElement.classList.add("live");
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  function sort(header) {
    const table = header.closest("table");
    const place = header.cellIndex;
    const numbers = header.dataset.sort === "number";
    const was = header.getAttribute("aria-sort");
    // Numbers begin with the largest, but scores with the fewest faults.
    const first = numbers && place !== header.parentElement.cells.length - 1 ? "descending" : "ascending";
    const now = was ? (was === "ascending" ? "descending" : "ascending") : first;
    const value = (row) => row.cells[place].dataset.value ?? "";
    const compare = numbers ? (a, b) => Number(a) - Number(b) : words.compare;
    const sign = now === "ascending" ? 1 : -1;
    const rows = all("tbody > tr", table).filter((row) => row.cells[place] && row.cells.length > 1);
    rows.sort((a, b) => sign * compare(value(a), value(b)));
    for (const other of all("th[aria-sort]", table)) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", now);
    table.tBodies[0].append(...rows);
  }

  for (const header of all("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => sort(header));
    header.replaceChildren(button);
  }

  const form = one("shot-filters");
  if (!form) return;
  const rows = all("#shot-table tbody tr[data-takes]");
  const passes = {
    all: () => true,
    flagged: (row) => Number(row.dataset.flagged) > 0,
    failed: (row) => Number(row.dataset.failed) > 0,
    "none-left": (row) => Number(row.dataset.flagged) + Number(row.dataset.failed) >= Number(row.dataset.takes),
  };
  function filter() {
    const text = one("shot-search").value.trim().toLowerCase();
    const pass = passes[one("shot-show").value];
    let shown = 0;
    for (const row of rows) {
      row.hidden = !pass(row) || !row.cells[0].dataset.value.toLowerCase().includes(text);
      shown += !row.hidden;
    }
    one("shot-count").textContent = `${shown} of ${rows.length} shots`;
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  filter();
})();
