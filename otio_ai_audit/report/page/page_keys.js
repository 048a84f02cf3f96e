(() => {
  const { all, one, step } = page;
  const help = one("help");
  const on = one("keys-on");
  const setting = "otio-ai-audit keys";
  try {
    on.checked = localStorage.getItem(setting) !== "off";
  } catch {
    on.checked = true;
  }
  on.addEventListener("change", () => {
    try {
      localStorage.setItem(setting, on.checked ? "on" : "off");
    } catch {
      // it holds until the page is closed
    }
  });
  const open = () => help.showModal();
  const acts = {
    n: () => step(".finding", 1),
    p: () => step(".finding", -1),
    j: () => step("#clips > article.clip", 1),
    k: () => step("#clips > article.clip", -1),
    " ": () => page.look("play"),
    ",": () => page.look("back"),
    ".": () => page.look("on"),
    h: () => page.look("heat"),
    a: () => page.say("withdraw"),
    d: () => page.say("wrong-alarm"),
    x: () => page.say("kill"),
    c: () => page.copyPlace(),
    t: () => page.toTimeline?.(),
    "/": () => {
      one("search").scrollIntoView({ block: "center" });
      one("search").focus({ preventScroll: true });
    },
    "?": open,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open || !on.checked) return;
    if (event.target.closest("input:not([type=checkbox], [type=range]), select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === " " && event.target.closest("button, summary, a, input")) return;
    const act = acts[event.key];
    if (!act) return;
    if (act() !== false) event.preventDefault();
  });
  one("help-open").hidden = one("print").hidden = false;
  one("help-open").addEventListener("click", open);
  one("help-close").addEventListener("click", () => help.close());
  one("print").addEventListener("click", () => window.print());
  // What is folded away on the screen is printed.
  const folded = () => all("details:not(.licence, .curves):not([open])");
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = folded();
    for (const one of opened) one.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });
  page.start();
  page.follow();
})();
