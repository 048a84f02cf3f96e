(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  if (!one("mine")) return;
  const prefix = `otio-ai-audit verdict ${document.body.dataset.triage}\n`;
  const words = { keep: "keep", kill: "kill", "wrong-alarm": "wrong alarm", withdraw: "taken back" };

  // --- what is kept: in the browser where it lets us (pages on disk may be refused), else until the page closes

  const memory = new Map();
  let lasting = true;
  try {
    localStorage.setItem(`${prefix}probe`, "1");
    localStorage.removeItem(`${prefix}probe`);
  } catch {
    lasting = false;
  }
  const keep = (name, text) => {
    try {
      if (lasting) return localStorage.setItem(name, text);
    } catch {
      lasting = false; // it is full
    }
    memory.set(name, text);
  };
  const recall = (name) => memory.get(name) ?? (lasting ? localStorage.getItem(name) : null);
  const forget = (name) => {
    memory.delete(name);
    if (lasting) localStorage.removeItem(name);
  };
  const names = () => [...new Set([...memory.keys(), ...(lasting ? Object.keys(localStorage) : [])])].filter((name) => name.startsWith(prefix));
  const drafts = () => names().map((name) => read(name)).filter(Boolean);
  function read(name) {
    try {
      return JSON.parse(recall(name));
    } catch {
      return null; // damaged, or somebody else's
    }
  }

  // --- what a verdict is about: a take, or a finding in it

  const things = new Map();
  for (const take of all(".take[data-key]")) {
    const about = { take, key: take.dataset.key, box: take.querySelector(":scope > .say"), said: take.querySelector(":scope > .said") };
    things.set(`${prefix}${about.key}`, { ...about, row: null });
    for (const row of all(".fault-row", take)) {
      things.set(`${prefix}${about.key}\n${row.dataset.finding}`, { ...about, row, box: row.querySelector(".say"), said: row.querySelector(".said") });
    }
  }
  const who = () => one("who").value.trim();
  const told = (thing) => all("li", thing.said ?? document.createElement("ul")).find((item) => item.dataset.who === who() && who());
  const seedOf = (text) => (text === "" ? null : Number.isSafeInteger(Number(text)) ? Number(text) : text);

  function draft(thing, kind, why) {
    const { take, row } = thing;
    return {
      kind,
      key: thing.key,
      finding: row ? row.dataset.finding : "",
      detector: row ? row.dataset.detector : "",
      fault: row ? row.dataset.fault : "",
      start: row ? Number(row.dataset.start) : 0,
      duration: row ? Number(row.dataset.duration) : 0,
      label: take.dataset.label,
      why,
      when: new Date().toISOString(),
      model: take.dataset.model,
      workflow: take.dataset.workflow,
      prompt_hash: take.dataset.prompt,
      seed: seedOf(take.dataset.seed),
    };
  }

  function press(name, kind) {
    const thing = things.get(name);
    const mine = read(name);
    const said = told(thing)?.dataset.kind ?? "";
    const now = mine ? mine.kind : said;
    if (now === kind) {
      if (said && said !== "withdraw") keep(name, JSON.stringify(draft(thing, "withdraw", "")));
      else forget(name);
    } else if (said === kind) forget(name);
    else keep(name, JSON.stringify(draft(thing, kind, mine?.why ?? "")));
    paint(name);
    count();
  }

  function paint(name) {
    const thing = things.get(name);
    if (!thing?.box) return;
    const mine = read(name);
    const now = mine ? mine.kind : told(thing)?.dataset.kind ?? "";
    for (const button of all("button[data-say]", thing.box)) button.setAttribute("aria-pressed", String(button.dataset.say === now));
    why(name, thing, mine);
    if (thing.row) return;
    const badge = thing.take.querySelector("[data-mine]");
    badge.hidden = !mine;
    badge.textContent = mine ? `you: ${words[mine.kind]}` : "";
    thing.take.classList.toggle("mine-kill", mine?.kind === "kill");
  }

  function why(name, thing, mine) {
    let field = thing.box.querySelector(".why");
    if (!mine || mine.kind === "withdraw") return field?.remove();
    if (!field) {
      field = document.createElement("input");
      Object.assign(field, { type: "text", className: "why", placeholder: "Why (optional)", maxLength: 500, autocomplete: "off" });
      field.setAttribute("aria-label", "Why");
      field.addEventListener("input", () => keep(name, JSON.stringify({ ...read(name), why: field.value, when: new Date().toISOString(), saved: false })));
      thing.box.append(field);
    }
    if (field.value !== mine.why) field.value = mine.why;
  }

  function count() {
    const mine = drafts();
    const fresh = mine.filter((one) => !one.saved).length;
    one("mine-count").textContent = !mine.length ? "No verdicts to save" : `${mine.length === 1 ? "1 verdict" : `${mine.length} verdicts`}, ${fresh ? `${fresh} not saved` : "saved"}`;
    one("save").disabled = one("discard").disabled = !mine.length;
    one("mine-where").textContent = lasting ? "" : "This browser forgets them when the page is closed.";
  }

  // What has reached the triage by now needs no keeping.
  function tidy() {
    for (const [name, thing] of things) {
      const mine = read(name);
      const said = told(thing);
      if (!mine || !who()) continue;
      const heard = said && said.dataset.kind === mine.kind && Date.parse(said.dataset.when) >= Date.parse(mine.when);
      const done = mine.kind === "withdraw" ? !said : mine.kind === "wrong-alarm" && thing.row.dataset.state === "dismissed";
      if (heard || (mine.saved && done)) forget(name);
    }
  }

  function paintAll() {
    tidy();
    for (const name of things.keys()) paint(name);
    count();
  }

  function save(event) {
    event.preventDefault();
    if (!who()) {
      one("mine-count").textContent = "Say your name first";
      return one("who").focus();
    }
    const verdicts = drafts().map(({ saved, ...verdict }) => verdict);
    const file = { schema: 1, kind: "otio-ai-audit verdicts", who: who(), verdicts };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
    link.download = `verdicts-${who().replace(/[^\p{L}\p{N}_-]+/gu, "-")}-${new Date().toISOString().slice(0, 16).replace(/[:T]/g, "-")}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    for (const name of names()) {
      const mine = read(name);
      if (mine) keep(name, JSON.stringify({ ...mine, saved: true }));
    }
    count();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-say]");
    if (!button) return;
    const take = button.closest(".take");
    const row = button.closest(".fault-row");
    press(`${prefix}${take.dataset.key}${row ? `\n${row.dataset.finding}` : ""}`, button.dataset.say);
  });
  one("mine").addEventListener("submit", save);
  one("discard").addEventListener("click", () => {
    if (!confirm("Discard all verdicts that are kept in this browser for this triage?")) return;
    names().forEach(forget);
    paintAll();
  });
  one("who").value = (lasting && localStorage.getItem("otio-ai-audit who")) || "";
  one("who").addEventListener("change", () => {
    if (lasting) localStorage.setItem("otio-ai-audit who", who());
    paintAll();
  });
  window.addEventListener("storage", paintAll);
  window.addEventListener("beforeunload", (event) => {
    if (!lasting && drafts().some((mine) => !mine.saved)) event.preventDefault();
  });
  paintAll();
})();
