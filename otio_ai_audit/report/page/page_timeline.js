(() => {
  const { all, one, go } = page;
  const timeline = one("timeline");
  if (!timeline) return;
  const scroller = timeline.querySelector(".scroller");
  const wide = timeline.querySelector(".wide");
  const ruler = timeline.querySelector(".ruler");
  const tracks = timeline.querySelector(".tracks");
  const playhead = one("playhead");
  const links = all("a", tracks);
  const bars = new Map(links.map((link) => [link.getAttribute("href").slice(1), link]));
  const frames = Number(timeline.dataset.frames);
  const start = Number(timeline.dataset.start);
  const nominal = Number(timeline.dataset.nominal);
  const [numerator, denominator] = timeline.dataset.rate.split("/").map(Number);
  const rate = numerator / denominator;
  const drops = "drop" in timeline.dataset;
  const svg = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };

  // --- timecode, as SMPTE ST 12-1 counts

  function timecode(count) {
    let frame = count;
    if (drops) {
      const label = Math.floor(nominal / 15);
      const minute = nominal * 60 - label;
      const ten = minute * 10 + label;
      const tens = Math.floor(frame / ten);
      const rest = frame - tens * ten;
      frame += 9 * label * tens;
      if (rest >= nominal * 60) frame += label * Math.floor((rest - label) / minute);
    }
    let seconds = Math.floor(frame / nominal);
    let left = frame - seconds * nominal;
    if (denominator !== 1 && denominator !== 1001) {
      seconds = Math.floor((frame * denominator) / numerator);
      left = frame - Math.ceil((seconds * numerator) / denominator);
    }
    const two = (value) => String(value).padStart(2, "0");
    const width = Math.max(2, String(nominal - 1).length);
    return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${drops ? ";" : ":"}${String(left).padStart(width, "0")}`;
  }

  // --- zoom: the drawings are stretched, nothing is laid out again

  let zoom = 1;
  let room = 0; // pixels that the whole timeline has at zoom 1
  const most = () => Math.max(1, Math.min((frames * 12) / Math.max(room, 1), 160000 / Math.max(room, 1)));

  function measure() {
    room = scroller.clientWidth - timeline.querySelector(".corner").offsetWidth;
  }

  // `around` is the place in the window that stays where it is; else what is current comes to its middle.
  function stretch(wanted, around) {
    const before = room * zoom;
    const here = around === undefined ? middle() : null;
    const at = here ?? (scroller.scrollLeft + around * room) / before;
    around ??= 0.5;
    zoom = Math.min(Math.max(wanted, 1), most());
    const width = room * zoom;
    wide.style.setProperty("--zoom", zoom);
    scroller.scrollLeft = at * width - around * room;
    for (const link of links) link.firstElementChild.classList.toggle("named", (Number(link.dataset.frames) / frames) * width >= 34);
    draw();
  }

  // What somebody is at: the clip that has the focus, else the current finding, else what stands in the middle.
  function middle() {
    const link = document.activeElement?.closest(".tracks a");
    if (link) return (Number(link.dataset.start) + Number(link.dataset.frames) / 2) / frames;
    if (page.current()?.closest("article.clip")) return Math.min(Number(page.current().dataset.frame) / frames, 1);
    return (scroller.scrollLeft + room / 2) / (room * zoom);
  }

  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000, 86400];
  let drawn = "";
  function draw() {
    const width = room * zoom;
    const pixels = width / frames;
    const least = 92 / pixels;
    let step = [1, 2, 5, 10].find((count) => count >= least && count < nominal);
    step ??= (steps.find((seconds) => seconds * nominal >= least) ?? 86400) * nominal;
    const first = (((-start % step) + step) % step) - step;
    const left = Math.max(scroller.scrollLeft - 200, 0) / pixels;
    const right = (scroller.scrollLeft + room + 200) / pixels;
    const from = Math.max(Math.floor((left - first) / step), 0);
    const key = `${step} ${from} ${width}`;
    if (key === drawn) return;
    drawn = key;
    const marks = [];
    for (let at = first + from * step; at <= Math.min(right, frames); at += step) {
      if (at < 0) continue;
      const x = `${(100 * at) / frames}%`;
      const words = svg("text", { x, dx: 3, y: 13 });
      words.textContent = timecode(start + at);
      marks.push(svg("line", { class: "tick", x1: x, x2: x, y1: 14, y2: 20 }), words);
    }
    ruler.replaceChildren(...marks);
  }

  // --- the current finding as a playhead, and the clip that it is in

  function mark(row) {
    for (const link of all("a.here", tracks)) link.classList.remove("here");
    const clip = row?.closest("article.clip");
    bars.get(clip?.id)?.classList.add("here");
    if (!row || !clip) return playhead.setAttribute("visibility", "hidden");
    const frame = Math.min(Number(row.dataset.frame), frames);
    const x = `${(100 * frame) / frames}%`;
    playhead.setAttribute("x1", x);
    playhead.setAttribute("x2", x);
    playhead.setAttribute("visibility", "visible");
    one("playhead-at").textContent = timecode(start + frame);
    if (zoom > 1) {
      const at = (frame / frames) * room * zoom;
      if (at < scroller.scrollLeft + 40 || at > scroller.scrollLeft + room - 40) scroller.scrollLeft = at - room / 3;
    }
  }

  function dim() {
    for (const { element } of page.clips) bars.get(element.id)?.classList.toggle("aside", element.hidden);
  }

  function open(link, range) {
    const target = document.getElementById(range ?? link.getAttribute("href").slice(1));
    if (!target) return;
    if (target.hidden || target.closest("article[hidden]")) page.everything();
    go(target);
  }

  // --- keys: one stop for Tab, arrows inside

  let at = -1;
  const laneOf = (link) => link.parentElement;
  function focus(index) {
    if (index < 0 || index >= links.length) return;
    if (at >= 0) links[at].tabIndex = -1;
    at = index;
    links[at].tabIndex = 0;
    links[at].focus({ preventScroll: true });
    const x = (Number(links[at].dataset.start) / frames) * room * zoom;
    if (x < scroller.scrollLeft || x > scroller.scrollLeft + room - 60) scroller.scrollLeft = x - room / 3;
    links[at].scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  function beside(by) {
    const same = links.filter((link) => laneOf(link) === laneOf(links[at]));
    focus(links.indexOf(same[same.indexOf(links[at]) + by]));
  }
  function above(by) {
    const lanes = all(":scope > svg", tracks);
    const lane = lanes[lanes.indexOf(laneOf(links[at])) + by];
    if (!lane) return;
    const here = Number(links[at].dataset.start);
    const near = all("a", lane).reduce((best, link) => (!best || Math.abs(link.dataset.start - here) < Math.abs(best.dataset.start - here) ? link : best), null);
    if (near) focus(links.indexOf(near));
  }
  scroller.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      ArrowRight: () => (at < 0 ? focus(0) : beside(1)),
      ArrowLeft: () => (at < 0 ? focus(0) : beside(-1)),
      ArrowUp: () => (at < 0 ? focus(0) : above(-1)),
      ArrowDown: () => (at < 0 ? focus(0) : above(1)),
      Home: () => focus(links.indexOf(all("a", laneOf(links[Math.max(at, 0)]))[0])),
      End: () => focus(links.indexOf(all("a", laneOf(links[Math.max(at, 0)])).at(-1))),
      "+": () => stretch(zoom * 1.6),
      "=": () => stretch(zoom * 1.6),
      "-": () => stretch(zoom / 1.6),
      0: () => stretch(1),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
  scroller.addEventListener("focus", () => {
    if (at < 0) {
      const here = links.findIndex((link) => link.classList.contains("here"));
      at = Math.max(here, 0);
      if (links[at]) links[at].tabIndex = 0;
    }
  });
  tracks.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    open(link, event.target.closest("[data-f]")?.dataset.f);
  });
  scroller.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = tracks.getBoundingClientRect();
    stretch(zoom * Math.exp(-event.deltaY / 300), (event.clientX - box.left - scroller.scrollLeft) / room);
  }, { passive: false });
  let waiting = 0;
  scroller.addEventListener("scroll", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(draw);
  }, { passive: true });
  const buttons = timeline.querySelector(".zoom");
  buttons.hidden = false;
  buttons.addEventListener("click", (event) => {
    const how = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (how) stretch(how === "fit" ? 1 : how === "in" ? zoom * 1.6 : zoom / 1.6);
  });
  // On paper the whole of it is as wide as the sheet.
  window.addEventListener("beforeprint", () => {
    room = 600;
    scroller.scrollLeft = 0;
    const before = zoom;
    stretch(1);
    zoom = before;
  });
  window.addEventListener("afterprint", () => {
    measure();
    stretch(zoom);
  });
  document.addEventListener("audit-current", (event) => mark(event.detail));
  document.addEventListener("audit-filter", dim);
  // The timeline stays above while the clips pass below: what is gone to must not end under it.
  new ResizeObserver(() => {
    const left = scroller.scrollLeft / Math.max(room * zoom, 1);
    measure();
    stretch(zoom, 0);
    scroller.scrollLeft = left * room * zoom;
    const sticks = getComputedStyle(timeline).position === "sticky";
    document.documentElement.style.setProperty("--deck", `${sticks ? timeline.offsetHeight : 0}px`);
  }).observe(timeline);
  page.timecode = timecode;
  page.toTimeline = () => {
    if (!links.length) return;
    const here = links.findIndex((link) => link.classList.contains("here"));
    focus(here >= 0 ? here : Math.max(at, 0));
  };
  dim();
})();
