// Verdicts that a person gives on a page: kept by the browser where it lets us (pages on disk may be
// refused), else until the page is closed; and saved as the small file that `verdict --from` takes.
const kept = (prefix) => {
  const memory = new Map();
  let lasting = true;
  try {
    localStorage.setItem(`${prefix}probe`, "1");
    localStorage.removeItem(`${prefix}probe`);
  } catch {
    lasting = false;
  }
  const keep = (name, value) => {
    const text = JSON.stringify(value);
    try {
      if (lasting) return localStorage.setItem(name, text);
    } catch {
      lasting = false; // it is full
    }
    memory.set(name, text);
  };
  const read = (name) => {
    try {
      return JSON.parse(memory.get(name) ?? (lasting ? localStorage.getItem(name) : null));
    } catch {
      return null; // damaged, or somebody else's
    }
  };
  const forget = (name) => {
    memory.delete(name);
    if (lasting) localStorage.removeItem(name);
  };
  const names = () => [...new Set([...memory.keys(), ...(lasting ? Object.keys(localStorage) : [])])].filter((name) => name.startsWith(prefix));
  const drafts = () => names().map(read).filter(Boolean);
  const seedOf = (text) => (text === "" ? null : Number.isSafeInteger(Number(text)) ? Number(text) : text);

  // What is kept of a verdict: on the medium of an element, or on a finding in it.
  const draft = (medium, finding, kind, why) => ({
    kind,
    key: medium.dataset.key,
    finding: finding ? finding.dataset.finding : "",
    detector: finding ? finding.dataset.detector : "",
    fault: finding ? finding.dataset.fault : "",
    start: finding ? Number(finding.dataset.start) : 0,
    duration: finding ? Number(finding.dataset.duration) : 0,
    label: medium.dataset.label,
    why,
    when: new Date().toISOString(),
    model: medium.dataset.model,
    workflow: medium.dataset.workflow,
    prompt_hash: medium.dataset.prompt,
    seed: seedOf(medium.dataset.seed),
  });
  const counted = () => {
    const mine = drafts();
    const fresh = mine.filter((one) => !one.saved).length;
    const words = !mine.length ? "No verdicts to save" : `${mine.length === 1 ? "1 verdict" : `${mine.length} verdicts`}, ${fresh ? `${fresh} not saved` : "saved"}`;
    return { any: mine.length > 0, fresh, words };
  };

  function save(who) {
    const verdicts = drafts().map(({ saved, ...verdict }) => verdict);
    const file = { schema: 1, kind: "otio-ai-audit verdicts", who, verdicts };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
    link.download = `verdicts-${who.replace(/[^\p{L}\p{N}_-]+/gu, "-")}-${new Date().toISOString().slice(0, 16).replace(/[:T]/g, "-")}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    for (const name of names()) {
      const mine = read(name);
      if (mine) keep(name, { ...mine, saved: true });
    }
  }
  const called = {
    get: () => (lasting && localStorage.getItem("otio-ai-audit who")) || "",
    set: (who) => lasting && localStorage.setItem("otio-ai-audit who", who),
  };
  return { keep, read, forget, names, drafts, draft, counted, save, called, lasting: () => lasting };
};
