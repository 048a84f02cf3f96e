(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  if (!one("filters")) return;
  const level = { none: 0, note: 1, warning: 2, error: 3 };
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const takes = all("article.take");
  const first = new Map(takes.map((take, place) => [take, place]));
  const faults = new Map(takes.map((take) => [take, all(".fault-row:not(.dismissed)", take).map((row) => [row.dataset.detector, level[row.dataset.severity]])]));
  const texts = new Map();
  const textOf = (take) => {
    if (!texts.has(take)) texts.set(take, take.textContent.toLowerCase());
    return texts.get(take);
  };
  const chosen = (id) => (one(id) ? one(id).value : "");

  // --- filter and sort

  function filter() {
    const show = chosen("severity");
    const fault = chosen("fault");
    const text = chosen("search").trim().toLowerCase();
    const wanted = ["standing", "generator", "model"].map((name) => [name, chosen(name)]).filter((pair) => pair[1]);
    const seed = chosen("seed").trim();
    let shown = 0;
    let flagged = 0;
    for (const take of takes) {
      const worst = Math.max(0, ...faults.get(take).filter((f) => !fault || f[0] === fault).map((f) => f[1]));
      let keep = show === "quiet" ? worst < 2 : worst >= (show === "all" ? (fault ? 1 : 0) : level[show]);
      keep &&= wanted.every(([name, value]) => take.dataset[name] === value);
      keep &&= !seed || take.dataset.seed === seed;
      keep &&= !text || textOf(take).includes(text);
      take.hidden = !keep;
      shown += keep;
      flagged += keep && isFlagged(take);
    }
    const whole = shown === takes.length;
    for (const section of all("section.shot")) section.hidden = !whole && !section.querySelector(".take:not([hidden])");
    one("count").textContent = `${shown} of ${takes.length} takes, ${flagged} flagged`;
  }

  function sort() {
    const by = chosen("sort");
    const score = (take, place) => {
      const value = take.dataset.scores.split(" ")[place];
      return value === undefined || value === "-" ? -1 : Number(value);
    };
    const compare = {
      rank: () => 0, // the order in which they came
      name: (a, b) => order.compare(a.dataset.title, b.dataset.title),
      worst: (a, b) => b.dataset.worst - a.dataset.worst,
      newest: (a, b) => b.dataset.modified - a.dataset.modified,
    }[by] || ((a, b) => score(b, Number(by.slice(6))) - score(a, Number(by.slice(6))));
    for (const grid of all(".grid")) {
      const cards = all("article.take", grid);
      grid.append(...cards.sort((a, b) => compare(a, b) || first.get(a) - first.get(b)));
    }
  }

  const isFlagged = (take) => take.classList.contains("error") || take.classList.contains("warning");

  // --- scrub

  function show(frame, place) {
    const strip = stripOf(frame);
    const at = place === null ? strip.place : Math.min(Math.max(place, 0), strip.urls.length - 1);
    if (strip.image.src !== strip.urls[at]) strip.image.src = strip.urls[at];
    frame.classList.toggle("scrubbing", at !== strip.place);
    const told = `${strip.times[at]} s`;
    frame.querySelector(".moment").textContent = told;
    const slider = frame.parentElement.querySelector(".scrub");
    slider.value = at;
    slider.setAttribute("aria-valuetext", told);
  }
  const frameAt = (event) => event.target.closest?.(".frame[data-frames]");
  function follow(event) {
    const frame = frameAt(event);
    if (!frame) return;
    const area = frame.getBoundingClientRect();
    const count = stripOf(frame).urls.length;
    show(frame, Math.floor(((event.clientX - area.left) / area.width) * count));
  }
  document.addEventListener("pointermove", follow);
  document.addEventListener("pointerdown", follow);
  document.addEventListener("pointerout", (event) => {
    const frame = frameAt(event);
    if (frame && event.pointerType === "mouse" && !frame.contains(event.relatedTarget)) show(frame, null);
  });
  document.addEventListener("input", (event) => {
    if (event.target.classList.contains("scrub")) show(event.target.closest(".take").querySelector(".frame"), Number(event.target.value));
  });
  function nudge(take, by) {
    const frame = take.querySelector(".frame[data-frames]");
    if (frame) show(frame, Number(take.querySelector(".scrub").value) + by);
  }

  // --- keys

  const visible = () => all("article.take:not([hidden])").filter((take) => !take.closest("[hidden]"));
  function go(take) {
    if (!take) return;
    take.focus({ preventScroll: true });
    take.scrollIntoView({ block: "nearest" });
  }
  function step(list, by) {
    const here = document.activeElement?.closest(".take");
    const shown = visible();
    const at = here ? shown.indexOf(here) : by > 0 ? -1 : shown.length;
    const next = by > 0 ? list.find((take) => shown.indexOf(take) > at) : list.findLast((take) => shown.indexOf(take) < at);
    go(next);
  }
  function row(by) {
    const here = document.activeElement?.closest(".take");
    if (!here) return step(visible(), by);
    const at = here.getBoundingClientRect();
    const middle = at.left + at.width / 2;
    const places = visible().map((take) => [take, take.getBoundingClientRect()]);
    const beyond = places.filter(([, box]) => (by > 0 ? box.top > at.top + 1 : box.top < at.top - 1));
    const tops = beyond.map(([, box]) => box.top);
    const top = by > 0 ? Math.min(...tops) : Math.max(...tops);
    const near = beyond.filter(([, box]) => Math.abs(box.top - top) < 1);
    near.sort((a, b) => Math.abs(a[1].left + a[1].width / 2 - middle) - Math.abs(b[1].left + b[1].width / 2 - middle));
    go(near[0]?.[0]);
  }
  const keys = {
    ArrowRight: () => step(visible(), 1),
    ArrowLeft: () => step(visible(), -1),
    ArrowDown: () => row(1),
    ArrowUp: () => row(-1),
    n: () => step(visible().filter(isFlagged), 1),
    p: () => step(visible().filter(isFlagged), -1),
    k: (take) => take?.querySelector('[data-say="keep"]')?.click(),
    c: (take) => take?.querySelector("[data-compare]")?.click(),
    v: () => one("compare-open").click(),
    x: (take) => take?.querySelector('[data-say="kill"]')?.click(),
    ",": (take) => take && nudge(take, -1),
    ".": (take) => take && nudge(take, 1),
    "/": () => one("search").focus(),
    "?": () => (one("keys").open = !one("keys").open),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest("#filters")) return event.target.blur();
    if (document.querySelector("dialog[open]")) return; // it has keys of its own
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const take = document.activeElement?.closest(".take");
    const arrow = event.key.startsWith("Arrow");
    // Up and down scroll as ever where nobody is at a take.
    const scrolls = event.target.closest(".scroller") || event.key === "ArrowUp" || event.key === "ArrowDown";
    if (!keys[event.key] || (arrow && !take && scrolls)) return;
    event.preventDefault();
    keys[event.key](take);
  });

  one("filters").addEventListener("submit", (event) => event.preventDefault());
  one("filters").addEventListener("input", (event) => (event.target.id === "sort" ? sort() : filter()));
  one("filters").addEventListener("reset", () => setTimeout(() => { sort(); filter(); }));
  filter();
})();
