(() => {
  const { all, one, level, clips, go } = page;
  const list = one("clips");
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const texts = new Map();
  const text = (clip) => {
    if (!texts.has(clip)) texts.set(clip, all(".name, .where, .meta, .path, .clip-note, .message, .fault, .tc, .anchor", clip.element).map((e) => e.textContent).join(" ").toLowerCase());
    return texts.get(clip);
  };
  const boxes = (name) => all(`#filters input[name="${name}"]`);
  const chosen = (name) => {
    const found = boxes(name);
    return found.length ? new Set(found.filter((box) => box.checked).map((box) => box.value)) : null;
  };
  const places = ["track", "subject", "generator"];

  function filter() {
    const least = level[one("severity").value];
    const detectors = chosen("detector");
    const states = chosen("state");
    const wanted = places.filter((name) => one(name)?.value).map((name) => [name, one(name).value.slice(1)]);
    const words = one("search").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const quiet = one("clean").checked;
    let shown = 0;
    let found = 0;
    for (const clip of clips) {
      let hits = 0;
      let hidden = 0;
      for (const finding of clip.findings) {
        const keep = finding.level >= least && (!detectors || detectors.has(finding.detector)) && (!states || states.has(finding.state));
        if (finding.row.hidden === keep) finding.row.hidden = !keep;
        if (keep) hits += 1;
        else if (finding.level >= 2) hidden += 1;
      }
      clip.hits = hits;
      const keep = (hits > 0 || (quiet && hidden === 0)) && wanted.every(([name, value]) => clip.element.dataset[name] === value) && words.every((word) => text(clip).includes(word));
      if (clip.element.hidden === keep) clip.element.hidden = !keep;
      if (keep) {
        shown += 1;
        found += hits;
      }
    }
    one("nothing").hidden = shown > 0 || !clips.length;
    const many = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
    one("count").textContent = `${many(found, "finding")} in ${shown} of ${many(clips.length, "clip")}`;
    document.dispatchEvent(new CustomEvent("audit-filter"));
  }

  const worst = (clip) => Number(clip.element.dataset.worst);
  const begin = (clip) => Number(clip.element.dataset.start);
  const leading = (clip) => clip.findings.find((finding) => !finding.row.hidden)?.detector ?? "\uffff";
  const orders = {
    worst: (a, b) => worst(b) - worst(a),
    time: () => 0,
    name: (a, b) => order.compare(a.element.dataset.name, b.element.dataset.name),
    detector: (a, b) => order.compare(leading(a), leading(b)) || worst(b) - worst(a),
    count: (a, b) => b.hits - a.hits || worst(b) - worst(a),
  };
  function sort() {
    const by = orders[one("sort").value];
    list.append(...[...clips].sort((a, b) => by(a, b) || begin(a) - begin(b)).map((clip) => clip.element));
  }

  function everything() {
    for (const name of places) if (one(name)) one(name).value = "";
    for (const box of [...boxes("detector"), ...boxes("state"), one("clean")]) box.checked = true;
    one("search").value = "";
    one("severity").value = "note";
    filter();
  }

  // A link to a finding that is filtered away shows it.
  function follow() {
    const target = document.getElementById(location.hash.slice(1)); // ids are plain letters
    if (!target?.matches(".finding, article.clip")) return;
    if (target.hidden || target.closest("article[hidden]")) everything();
    go(target);
  }

  let waiting = 0;
  one("filters").hidden = false;
  one("filters").addEventListener("submit", (event) => event.preventDefault());
  one("filters").addEventListener("input", (event) => {
    if (event.target.id === "sort") return sort();
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(filter);
  });
  one("all").addEventListener("click", everything);
  window.addEventListener("hashchange", follow);
  page.everything = everything;
  page.follow = follow;
  filter();
})();
