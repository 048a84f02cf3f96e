// The page of an edit. The scripts that follow share `page`: what is on it, which finding is current, and how
// to go somewhere. What may be relied on from outside:
//
//   article.clip#clip-N         a clip; data-worst, data-start, data-track, data-subject, data-generator, and
//                               data-key where verdicts on its medium can be given
//   .finding#f-ID               a finding; data-detector, data-severity, data-state, data-frame; .current
//   #filters: #severity #search #sort #clean #track #subject #generator, inputs named detector and state;
//   #count says what is left    #timeline .tracks a[href="#clip-N"]; #playhead
//   figure.view                 pictures of a finding; [data-do] buttons: back, play, on, heat, copy, share
//   [data-say] buttons          verdicts: withdraw (it stands), wrong-alarm, keep, kill; form #mine saves them
//   #theme #print #help-open #keys-on
const page = (() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const level = { none: 0, note: 1, warning: 2, error: 3 };
  const clips = all("#clips > article.clip").map((element) => ({
    element,
    findings: all(".finding", element).map((row) => ({
      row,
      level: level[row.dataset.severity],
      detector: row.dataset.detector,
      state: row.dataset.state,
    })),
  }));
  const makers = [];
  const made = new WeakSet();
  const idle = window.requestIdleCallback?.bind(window) ?? ((work) => setTimeout(() => work({ timeRemaining: () => 8 }), 60));
  let current = null;

  // What only works with a script is made by it, for a clip that comes near.
  function make(element) {
    if (!element || made.has(element)) return;
    made.add(element);
    for (const maker of makers) maker(element);
  }

  function choose(row) {
    if (row === current) return;
    current?.classList.remove("current");
    current?.removeAttribute("aria-current");
    current = row;
    row?.classList.add("current");
    row?.setAttribute("aria-current", "true");
    document.dispatchEvent(new CustomEvent("audit-current", { detail: row }));
  }

  function go(element) {
    const clip = element.closest("article.clip") ?? element.closest(".gone");
    make(clip);
    if (element.matches(".finding")) choose(element);
    element.focus({ preventScroll: true });
    const show = () => element.scrollIntoView({ block: element.matches(".finding") ? "center" : "start" });
    show();
    // What lay outside of the window has its true height only now.
    requestAnimationFrame(() => {
      show();
      requestAnimationFrame(show);
    });
  }

  // A step through what is to be seen, from where somebody is: a clip that has the focus comes before its findings.
  function step(selector, by) {
    const shown = all(selector).filter((element) => !element.hidden && !element.closest("article[hidden]"));
    if (!shown.length) return;
    const focus = document.activeElement;
    const inside = focus?.closest("article.clip, .gone");
    const here = focus?.closest(selector) ?? (inside ? null : selector === ".finding" ? current : current?.closest(selector));
    const at = shown.indexOf(here);
    let next = at + by;
    if (at < 0 && inside) {
      const after = shown.findIndex((element) => focus.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING);
      next = (after < 0 ? shown.length : after) + (by > 0 ? 0 : -1);
    } else if (at < 0) next = by > 0 ? 0 : shown.length - 1;
    go(shown[Math.min(Math.max(next, 0), shown.length - 1)]);
  }

  // Work that waits until nobody scrolls: things are added and dropped, and done one by one while there is time.
  // A browser that never has time does one of them all the same, twice a second.
  function whenIdle(work, least) {
    const waiting = new Set();
    let asked = false;
    let last = 0;
    function some(deadline) {
      asked = false;
      for (const thing of waiting) {
        if (deadline.timeRemaining() < least && performance.now() - last < 500) break;
        waiting.delete(thing);
        last = performance.now();
        work(thing);
      }
      if (waiting.size) ask();
    }
    function ask() {
      if (asked) return;
      asked = true;
      idle(some, { timeout: 500 });
    }
    return { add: (thing) => (waiting.add(thing), ask()), drop: (thing) => waiting.delete(thing) };
  }

  const start = () => {
    const soon = whenIdle(make, 3);
    const near = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          if (!isIntersecting) soon.drop(target);
          else if (made.has(target)) near.unobserve(target);
          else soon.add(target);
        }
      },
      { rootMargin: "800px" },
    );
    for (const clip of clips) near.observe(clip.element);
    for (const panel of all(".gone")) near.observe(panel);
  };
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest(".finding");
    if (row) choose(row);
  });
  document.addEventListener("click", (event) => {
    const row = event.target.closest(".finding");
    if (row) choose(row);
  });
  document.body.classList.add("scripted");
  return { all, one, level, clips, makers, make, whenIdle, choose, go, step, start, current: () => current };
})();
