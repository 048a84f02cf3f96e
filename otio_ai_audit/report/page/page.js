"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const rank = { none: 0, note: 1, warning: 2, error: 3 };
  const list = one("clips");
  const clips = all("article.clip");
  const words = new Map(clips.map((clip) => [clip, all(".name, .meta, .path", clip).map((e) => e.textContent).join(" ").toLowerCase()]));
  const chosen = (name) => {
    const boxes = all(`#filters input[name="${name}"]`);
    return boxes.length ? new Set(boxes.filter((box) => box.checked).map((box) => box.value)) : null;
  };

  function filter() {
    const least = rank[one("severity").value];
    const detectors = chosen("detector");
    const states = chosen("state");
    const text = one("search").value.trim().toLowerCase();
    let shown = 0;
    let found = 0;
    for (const clip of clips) {
      let hits = 0;
      let hidden = 0;
      for (const row of all(".finding", clip)) {
        const asked = rank[row.dataset.severity] >= least;
        const keep = asked && detectors.has(row.dataset.detector) && (!states || states.has(row.dataset.state));
        row.hidden = !keep;
        if (keep) hits += 1;
        else if (rank[row.dataset.severity] >= 2) hidden += 1;
      }
      const named = !text || words.get(clip).includes(text);
      const keep = named && (hits > 0 || (one("clean").checked && hidden === 0));
      clip.hidden = !keep;
      if (keep) {
        shown += 1;
        found += hits;
      }
    }
    one("count").textContent = `${found} findings in ${shown} of ${clips.length} clips`;
  }

  function sort() {
    const byTime = one("sort").value === "time";
    const value = (clip) => (byTime ? Number(clip.dataset.start) : -Number(clip.dataset.worst));
    const sorted = [...clips].sort((a, b) => value(a) - value(b) || Number(a.dataset.start) - Number(b.dataset.start));
    list.append(...sorted);
  }

  function step(by) {
    const rows = all(".finding:not([hidden])").filter((row) => !row.closest("article[hidden]"));
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement.closest(".finding"));
    const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1);
    rows[next].focus();
    rows[next].scrollIntoView({ block: "center" });
  }

  one("filters").hidden = false;
  one("filters").addEventListener("submit", (event) => event.preventDefault());
  one("filters").addEventListener("input", (event) => (event.target.id === "sort" ? sort() : filter()));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    if (event.key === "n") step(1);
    if (event.key === "p") step(-1);
  });
  filter();
})();
