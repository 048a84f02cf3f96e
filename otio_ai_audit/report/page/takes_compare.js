(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const dialog = one("compare");
  if (!dialog) return;
  const MOST = 4; // takes
  const CLOSE = 12; // times: the largest zoom
  const PATIENCE = 3; // seconds that all wait for one film
  const write = (element, text) => element.textContent === text || (element.textContent = text);
  const between = (value, low, high) => Math.min(Math.max(value, low), high);

  // --- which takes

  const chosen = []; // cards, in the order in which they were chosen
  function choose(take) {
    const at = chosen.indexOf(take);
    if (at < 0 && chosen.length === MOST) return write(one("compare-count"), `${MOST} takes at most: let one go first`);
    if (at < 0) chosen.push(take);
    else chosen.splice(at, 1);
    paintChosen();
  }
  function paintChosen() {
    for (const button of all("[data-compare]")) button.setAttribute("aria-pressed", String(chosen.includes(button.closest(".take"))));
    write(one("compare-count"), ["", "1 take chosen: choose another to compare"][chosen.length] ?? `${chosen.length} takes chosen`);
    one("compare-open").hidden = chosen.length < 2;
    one("compare-none").hidden = !chosen.length;
  }

  // --- a take in the view

  let cells = [];
  let length = 0; // seconds of the longest
  let now = 0;
  let playing = false;

  function cellOf(take, place) {
    const box = one("compare-cell").content.firstElementChild.cloneNode(true);
    const find = (selector) => box.querySelector(selector);
    const { urls, times } = stripOf(take.querySelector(".frame"));
    const cell = {
      take, box, urls, times: times.map(Number), image: find("img"), video: find("video"), shown: find(".shown"),
      seconds: Number(take.dataset.seconds) || Math.max(0, ...times.map(Number)) + 0.5, rate: Number(take.dataset.rate) || 0, film: false, why: "",
    };
    const name = find(".name");
    name.textContent = take.dataset.title;
    name.id = `compare-name-${place}`;
    box.setAttribute("aria-labelledby", name.id);
    find(".place").textContent = place;
    find("[data-pick=keep] kbd").textContent = place;
    find("[data-pick=kill] kbd").textContent = `⇧ ${place}`;
    find(".no-picture").hidden = Boolean(urls.length);
    cell.image.hidden = !urls.length;
    cell.faults = all(".fault-row:not(.dismissed)", take).filter((row) => ["error", "warning"].includes(row.dataset.severity));
    find(".found").append(...listed(cell.faults));
    for (const button of all("[data-pick]", box)) button.addEventListener("click", () => pick(cell, button.dataset.pick));
    load(cell);
    mirror(cell);
    return cell;
  }

  function listed(faults) {
    const items = faults.slice(0, 3).map((row) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.to = row.dataset.start;
      button.append(row.querySelector(".badge .icon").cloneNode(true), `${row.querySelector(".fault").textContent} ${Number(row.dataset.start).toFixed(2)} s`);
      return button;
    });
    const rest = faults.length - items.length;
    const words = faults.length ? (rest ? `and ${rest} more` : "") : "no error or warning found";
    return [...items, ...(words ? [words] : [])].map((what) => {
      const item = document.createElement("li");
      item.append(what);
      return item;
    });
  }

  // The file itself where the page knows it and the browser plays it; else the stills that are in the page.
  function load(cell) {
    const { video } = cell;
    if (!cell.take.dataset.film) return;
    video.addEventListener("error", () => drop(cell, "the file is not beside the page or cannot be played here"));
    video.addEventListener("loadeddata", () => {
      if (Math.abs(video.duration - cell.seconds) > Math.max(0.5, cell.seconds / 20)) return drop(cell, "the file has another length than when it was looked at");
      cell.film = true;
      cell.box.classList.add("film");
      video.defaultPlaybackRate = 1;
      show(cell);
    });
    video.src = cell.take.dataset.film;
  }
  function drop(cell, why) {
    cell.video.pause();
    cell.film = false;
    cell.why = why;
    cell.box.classList.remove("film");
    show(cell);
  }

  const frameOf = (cell) => between(Math.floor(now * cell.rate + 1e-4), 0, Math.max(0, Math.round(cell.seconds * cell.rate) - 1));
  const stillOf = (cell) => Math.max(0, cell.times.findLastIndex((time) => time <= now + 1e-6));

  function show(cell) {
    const frame = cell.rate ? `, frame ${frameOf(cell)}` : "";
    if (cell.film) {
      if (!playing) cell.video.currentTime = cell.rate ? (frameOf(cell) + 0.5) / cell.rate : now;
      return write(cell.shown, `The file${frame}`);
    }
    const at = stillOf(cell);
    if (cell.urls.length && cell.image.src !== cell.urls[at]) cell.image.src = cell.urls[at];
    const why = cell.why ? `: ${cell.why}` : "";
    write(cell.shown, cell.urls.length ? `Still at ${cell.times[at].toFixed(2)} s, ${at + 1} of ${cell.urls.length}${why}` : `No picture${why}`);
  }

  // --- the common time

  function moveTo(time) {
    now = between(time, 0, length);
    cells.forEach(show);
    one("compare-scrub").value = now;
    const told = `${now.toFixed(2)} s`;
    one("compare-scrub").setAttribute("aria-valuetext", told);
    write(one("compare-time"), `${told} of ${length.toFixed(2)} s`);
    dialog.style.setProperty("--at", length ? now / length : 0);
  }

  let last = 0;
  let waited = 0;
  function tick(stamp) {
    if (!playing) return;
    const passed = Math.min((stamp - last) / 1000, 0.1);
    last = stamp;
    const late = cells.filter((cell) => cell.film && !isOver(cell) && (cell.video.seeking || cell.video.readyState < 3));
    waited = late.length ? waited + passed : 0;
    if (waited > PATIENCE) late.forEach((cell) => drop(cell, "the file cannot be played in step with the others"));
    if (!late.length) now += passed;
    if (now >= length) {
      now = 0;
      for (const { film, video } of cells) if (film) video.currentTime = 0;
    }
    for (const cell of cells) if (cell.film) follow(cell, late.length > 0);
    moveTo(now);
    requestAnimationFrame(tick);
  }
  const isOver = ({ video }) => now >= video.duration - 0.05; // it holds its last frame until all begin again

  // Films run by themselves; what runs ahead or behind is led back gently, or put right where it is far off.
  function follow(cell, wait) {
    const { video } = cell;
    const ahead = video.currentTime - now;
    if (wait || isOver(cell)) return video.pause();
    if (Math.abs(ahead) > 0.3) video.currentTime = now;
    video.playbackRate = Math.abs(ahead) < 0.02 ? 1 : between(1 - ahead, 0.8, 1.25);
    if (video.paused) video.play().catch(() => {}); // one that cannot be played says so by an error
  }

  function play(on) {
    if (playing === on) return;
    playing = on;
    write(one("compare-play"), on ? "Pause" : "Play");
    if (on) {
      last = performance.now();
      waited = 0;
      requestAnimationFrame(tick);
      return;
    }
    for (const cell of cells) cell.video.pause();
    moveTo(now);
  }

  function step(by) {
    play(false);
    const rate = Math.max(0, ...cells.filter((cell) => cell.film).map((cell) => cell.rate));
    if (rate) return moveTo((Math.round(now * rate) + by) / rate);
    go(cells.flatMap((cell) => cell.times), by);
  }
  function go(moments, by) {
    play(false);
    const beyond = moments.filter((time) => (by > 0 ? time > now + 1e-3 : time < now - 1e-3));
    if (beyond.length) moveTo(by > 0 ? Math.min(...beyond) : Math.max(...beyond));
  }
  const faults = (by) => go(cells.flatMap((cell) => cell.faults.map((row) => Number(row.dataset.start))), by);

  // --- the common zoom

  let look = { zoom: 1, x: 0, y: 0 };
  function lookAt(zoom, x, y) {
    zoom = between(zoom, 1, CLOSE);
    const most = (zoom - 1) / 2;
    look = { zoom, x: between(x, -most, most), y: between(y, -most, most) };
    for (const [name, value] of Object.entries(look)) dialog.style.setProperty(`--${name}`, value);
    dialog.classList.toggle("zoomed", zoom > 1);
    write(one("compare-zoom"), `${Math.round(zoom * 100)} %`);
  }
  // What is in the middle stays there.
  const zoomBy = (factor) => {
    const zoom = between(look.zoom * factor, 1, CLOSE);
    lookAt(zoom, (look.x * zoom) / look.zoom, (look.y * zoom) / look.zoom);
  };
  const pan = (x, y) => lookAt(look.zoom, look.x + x, look.y + y);

  let hold = null;
  dialog.addEventListener("pointerdown", (event) => {
    const screen = event.target.closest(".screen");
    if (!screen || event.button || look.zoom === 1) return;
    const area = screen.getBoundingClientRect();
    hold = { area, x: event.clientX, y: event.clientY, moved: 0 };
    screen.setPointerCapture(event.pointerId);
  });
  dialog.addEventListener("pointermove", (event) => {
    if (!hold) return;
    const [x, y] = [event.clientX - hold.x, event.clientY - hold.y];
    hold = { ...hold, x: event.clientX, y: event.clientY, moved: hold.moved + Math.abs(x) + Math.abs(y) };
    if (hold.moved > 3) pan(x / hold.area.width, y / hold.area.height);
  });
  dialog.addEventListener("pointercancel", () => (hold = null));
  dialog.addEventListener("pointerup", () => {
    if (!hold) return;
    const { area, x, y, moved } = hold;
    hold = null;
    if (moved <= 3) pan(0.5 - (x - area.left) / area.width, 0.5 - (y - area.top) / area.height);
  });

  // --- verdicts: those of the cards

  function pick(cell, kind) {
    cell.take.querySelector(`[data-say="${kind}"]`).click();
    mirror(cell);
    const said = cell.take.querySelector("[data-mine]");
    write(one("compare-said"), `${cell.take.dataset.title}: ${said.hidden ? "no new verdict" : said.textContent}`);
  }
  function mirror({ take, box }) {
    for (const button of all("[data-pick]", box)) button.setAttribute("aria-pressed", take.querySelector(`[data-say="${button.dataset.pick}"]`).getAttribute("aria-pressed"));
    for (const kind of ["standing", "mine"]) {
      const from = take.querySelector(`h3 .${kind}`);
      const to = box.querySelector(`.${kind}`);
      to.hidden = !from || from.hidden;
      to.textContent = from?.textContent ?? "";
      if (from) to.className = from.className;
    }
  }

  // --- opening and closing

  function laneOf({ take, seconds }, place) {
    const lane = document.createElement("div");
    const bar = take.querySelector(".where").cloneNode(true);
    bar.style.setProperty("--share", seconds / length);
    lane.append(Object.assign(document.createElement("span"), { textContent: place + 1 }), bar);
    return lane;
  }
  function open() {
    if (chosen.length < 2) return;
    now = 0;
    cells = chosen.map((take, place) => cellOf(take, place + 1));
    length = Math.max(...cells.map((cell) => cell.seconds));
    one("compare-cells").replaceChildren(...cells.map((cell) => cell.box));
    one("compare-cells").dataset.count = cells.length;
    one("compare-lanes").replaceChildren(...cells.map(laneOf));
    one("compare-scrub").max = length;
    write(one("compare-said"), "");
    dialog.showModal();
    lookAt(1, 0, 0);
    moveTo(0);
    write(one("compare-play"), "Play");
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) play(true);
  }
  dialog.addEventListener("close", () => {
    play(false);
    for (const { video } of cells) {
      video.removeAttribute("src");
      video.load(); // lets the file go
    }
    cells = [];
    one("compare-cells").replaceChildren();
  });

  // --- hands

  const keys = {
    " ": () => play(!playing),
    ",": () => step(-1),
    ".": () => step(1),
    n: () => faults(1),
    p: () => faults(-1),
    "+": () => zoomBy(1.5),
    "=": () => zoomBy(1.5),
    "-": () => zoomBy(1 / 1.5),
    0: () => lookAt(1, 0, 0),
    ArrowLeft: () => (look.zoom > 1 ? pan(0.1, 0) : step(-1)),
    ArrowRight: () => (look.zoom > 1 ? pan(-0.1, 0) : step(1)),
    ArrowUp: () => pan(0, 0.1),
    ArrowDown: () => pan(0, -0.1),
  };
  document.addEventListener("keydown", (event) => {
    if (!dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
    // With shift a digit is another sign on most keyboards, and one of the number pad moves the cursor.
    const digit = /^Digit([1-4])$/.exec(event.code)?.[1] ?? (/^[1-4]$/.test(event.key) ? event.key : "");
    const scrubs = event.target.id === "compare-scrub" && event.key.startsWith("Arrow");
    const presses = event.target.closest("button") && event.key === " ";
    if (scrubs || presses || !(digit || keys[event.key])) return;
    event.preventDefault();
    if (!digit) keys[event.key]();
    else if (cells[digit - 1] && !event.repeat) pick(cells[digit - 1], event.shiftKey ? "kill" : "keep");
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { to, step: by, zoom } = button.dataset;
    if ("compare" in button.dataset) choose(button.closest(".take"));
    else if (to) go([Number(to)], Math.sign(Number(to) - now) || 1);
    else if (by) step(Number(by));
    else if (zoom) Number(zoom) ? zoomBy(1.5 ** Number(zoom)) : lookAt(1, 0, 0);
    // After a click the space bar plays: it does not press the same button again.
    if (event.detail && dialog.contains(button) && dialog.open) one("compare-stage").focus();
  });
  one("compare-open").addEventListener("click", open);
  one("compare-none").addEventListener("click", () => {
    chosen.length = 0;
    paintChosen();
  });
  one("compare-close").addEventListener("click", () => dialog.close());
  one("compare-play").addEventListener("click", () => play(!playing));
  one("compare-scrub").addEventListener("input", (event) => {
    play(false);
    moveTo(Number(event.target.value));
  });
  window.addEventListener("storage", () => cells.forEach(mirror));
})();
