(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  if (!one("mine")) return;
  const prefix = `otio-ai-audit verdict ${document.body.dataset.triage}\n`;
  const words = { keep: "keep", kill: "kill", "wrong-alarm": "wrong alarm", withdraw: "taken back" };

  const store = kept(prefix);

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

  function press(name, kind) {
    const thing = things.get(name);
    const mine = store.read(name);
    const said = told(thing)?.dataset.kind ?? "";
    const now = mine ? mine.kind : said;
    if (now === kind) {
      if (said && said !== "withdraw") store.keep(name, store.draft(thing.take, thing.row, "withdraw", ""));
      else store.forget(name);
    } else if (said === kind) store.forget(name);
    else store.keep(name, store.draft(thing.take, thing.row, kind, mine?.why ?? ""));
    paint(name);
    count();
  }

  function paint(name) {
    const thing = things.get(name);
    if (!thing?.box) return;
    const mine = store.read(name);
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
      field.addEventListener("input", () => store.keep(name, { ...store.read(name), why: field.value, when: new Date().toISOString(), saved: false }));
      thing.box.append(field);
    }
    if (field.value !== mine.why) field.value = mine.why;
  }

  function count() {
    const { any, words: said } = store.counted();
    one("mine-count").textContent = said;
    one("save").disabled = one("discard").disabled = !any;
    one("mine-where").textContent = store.lasting() ? "" : "This browser forgets them when the page is closed.";
  }

  // What has reached the triage by now needs no keeping.
  function tidy() {
    for (const [name, thing] of things) {
      const mine = store.read(name);
      const said = told(thing);
      if (!mine || !who()) continue;
      const heard = said && said.dataset.kind === mine.kind && Date.parse(said.dataset.when) >= Date.parse(mine.when);
      const done = mine.kind === "withdraw" ? !said : mine.kind === "wrong-alarm" && thing.row.dataset.state === "dismissed";
      if (heard || (mine.saved && done)) store.forget(name);
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
    store.save(who());
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
    store.names().forEach(store.forget);
    paintAll();
  });
  one("who").value = store.called.get();
  one("who").addEventListener("change", () => {
    store.called.set(who());
    paintAll();
  });
  window.addEventListener("storage", paintAll);
  window.addEventListener("beforeunload", (event) => {
    if (!store.lasting() && store.counted().fresh) event.preventDefault();
  });
  paintAll();
})();
