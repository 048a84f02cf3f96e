(() => {
  const { all, one } = page;
  const prefix = `otio-ai-audit edit ${document.body.dataset.audit}\n`;
  const store = kept(prefix);
  const words = { keep: "keep", kill: "kill", "wrong-alarm": "wrong alarm", withdraw: "it stands" };
  const who = () => one("who").value.trim();
  const clone = (id) => one(id).content.firstElementChild.cloneNode(true);
  const nameOf = (clip, row) => `${prefix}${clip.dataset.key}${row ? `\n${row.dataset.finding}` : ""}`;

  function press(clip, row, kind) {
    const name = nameOf(clip, row);
    const mine = store.read(name);
    if (mine?.kind === kind) store.forget(name);
    else store.keep(name, store.draft(clip, row, kind, mine?.why ?? ""));
    paintKey(clip.dataset.key);
    count();
  }

  // The same medium may stand in the edit twice: what is said of it shows at both places.
  function paintKey(key) {
    for (const clip of all("article.clip[data-key]")) if (clip.dataset.key === key) paint(clip);
  }

  function paint(clip) {
    mark(clip, null, clip.querySelector(":scope > .who > .say"));
    for (const row of all(".finding", clip)) mark(clip, row, row.querySelector(".say"));
  }

  function mark(clip, row, box) {
    const mine = store.read(nameOf(clip, row));
    const thing = row ?? clip;
    if (mine) thing.dataset.mine = mine.kind;
    else delete thing.dataset.mine;
    if (!box) return;
    for (const button of all("[data-say]", box)) button.setAttribute("aria-pressed", String(mine?.kind === button.dataset.say));
    badge(thing, mine);
    reason(clip, row, box, mine);
  }

  function badge(thing, mine) {
    const head = thing.querySelector("h3, h4");
    let said = head.querySelector(".mine-badge");
    if (!mine) return said?.remove();
    if (!said) {
      said = document.createElement("span");
      said.className = "badge mine-badge";
      head.append(said);
    }
    said.textContent = `you: ${words[mine.kind]}`;
  }

  function reason(clip, row, box, mine) {
    let field = box.querySelector(".why");
    if (!mine || mine.kind === "withdraw") return field?.remove();
    if (!field) {
      field = document.createElement("input");
      Object.assign(field, { type: "text", className: "why", placeholder: "Why (optional)", maxLength: 500, autocomplete: "off" });
      field.setAttribute("aria-label", "Why");
      field.addEventListener("input", () => {
        const name = nameOf(clip, row);
        store.keep(name, { ...store.read(name), why: field.value, when: new Date().toISOString(), saved: false });
        count();
      });
      box.append(field);
    }
    if (field.value !== mine.why) field.value = mine.why;
  }

  function count() {
    const { any, fresh, words: said } = store.counted();
    one("mine-count").textContent = said;
    one("save").disabled = one("discard").disabled = !any;
    one("mine-where").textContent = store.lasting() ? "" : "This browser forgets them when the page is closed.";
    one("mine").classList.toggle("waiting", fresh > 0);
  }

  // What has reached the audit by now needs no keeping.
  function tidy() {
    for (const { element: clip, findings } of page.clips) {
      if (!clip.dataset.key) continue;
      for (const { row, state } of findings) {
        const mine = store.read(nameOf(clip, row));
        if (mine?.saved && mine.kind === "wrong-alarm" && state === "dismissed") store.forget(nameOf(clip, row));
      }
    }
  }

  page.makers.push((element) => {
    if (!element.dataset.key) return;
    element.querySelector(":scope > .who").append(clone("t-clip"));
    for (const row of all(".finding", element)) row.querySelector(".words").append(clone("t-say"));
    paint(element);
  });
  page.say = (kind) => {
    const row = page.current();
    const ofClip = kind === "kill" || kind === "keep";
    const clip = (ofClip && document.activeElement?.closest("article.clip")) || row?.closest("article.clip");
    if (!clip?.dataset.key || (!row && !ofClip)) return false;
    page.make(clip);
    press(clip, ofClip ? null : row, kind);
    return true;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-say]");
    const clip = button?.closest("article.clip");
    if (clip) press(clip, button.closest(".finding"), button.dataset.say);
  });
  one("mine").hidden = false;
  one("mine").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!who()) {
      one("mine-count").textContent = "Say your name first";
      return one("who").focus();
    }
    store.save(who());
    count();
  });
  one("discard").addEventListener("click", () => {
    if (!confirm("Discard all verdicts that are kept in this browser for this edit?")) return;
    store.names().forEach(store.forget);
    paintAll();
  });
  function paintAll() {
    for (const { element } of page.clips) if (element.dataset.key) paint(element);
    count();
  }
  one("who").value = store.called.get();
  one("who").addEventListener("change", () => store.called.set(who()));
  window.addEventListener("storage", paintAll);
  window.addEventListener("beforeunload", (event) => {
    if (!store.lasting() && store.counted().fresh) event.preventDefault();
  });
  tidy();
  count();
})();
