(() => {
  const { all, one } = page;
  const clone = (id) => one(id).content.firstElementChild.cloneNode(true);
  const views = new Map(); // figure → what it shows
  const PACE = 166; // milliseconds a frame: slow enough to be seen, and never more than three flashes a second

  function make(element) {
    for (const figure of all("figure.view", element)) prepare(figure);
    for (const place of all("[data-copy]", element)) {
      const button = clone("t-copy");
      button.setAttribute("aria-label", `Copy ${place.textContent}`);
      place.after(button);
    }
  }

  function prepare(figure) {
    const { frames, kind, times, place, heat, maps, share } = figure.dataset;
    if (!frames && !heat) return;
    const view = { figure, at: -1, image: figure.querySelector("img"), timer: 0, heat: false };
    if (frames) {
      view.frames = () => (view.urls ??= frames.split(" ").map((data) => `data:image/${kind};base64,${data}`));
      view.times = times.split(" ").map(Number);
      view.place = Number(place);
      const steps = clone("t-steps");
      steps.querySelector("input").max = view.times.length - 1;
      steps.querySelector("input").value = view.place;
      figure.append(steps);
      view.steps = steps;
      if (!view.image) {
        view.image = new Image();
        figure.querySelector(".picture").replaceChildren(view.image);
        view.image.alt = "Worst frame";
        view.image.src = view.frames()[view.place];
      }
      view.worst = view.image.src;
    }
    if (heat) {
      Object.assign(view, { maps: Number(maps), share: share.split(" ").map(Number), map: new Image() });
      view.map.src = heat;
      (view.steps ?? figure).append(clone("t-heat"));
    }
    views.set(figure, view);
  }

  // --- the frames around a finding

  function show(view, index) {
    const count = view.times.length;
    view.at = ((index % count) + count) % count;
    view.image.src = view.at === view.place ? view.worst : view.frames()[view.at];
    const said = `${view.times[view.at].toFixed(2)} s, frame ${view.at + 1} of ${count}`;
    view.figure.querySelector(".moment").textContent = said;
    view.figure.classList.toggle("moved", view.at !== view.place);
    const scrub = view.steps.querySelector("input");
    scrub.value = view.at;
    scrub.setAttribute("aria-valuetext", said);
    paint(view);
  }

  const at = (view) => (view.at < 0 ? view.place : view.at);

  function stop(view) {
    clearInterval(view.timer);
    view.timer = 0;
    const button = view.steps.querySelector('[data-do="play"]');
    button.textContent = "Play";
    button.setAttribute("aria-pressed", "false");
  }

  function play(view) {
    if (view.timer) return stop(view);
    for (const other of views.values()) if (other.timer) stop(other);
    view.timer = setInterval(() => {
      if (view.figure.closest("[hidden]")) return stop(view);
      show(view, at(view) + 1);
    }, PACE);
    show(view, at(view) + 1);
    const button = view.steps.querySelector('[data-do="play"]');
    button.textContent = "Stop";
    button.setAttribute("aria-pressed", "true");
  }

  // --- where in the picture

  function paint(view) {
    let canvas = view.figure.querySelector("canvas");
    if (!view.heat) return canvas?.remove();
    if (!view.map.complete) return view.map.addEventListener("load", () => paint(view), { once: true });
    if (!canvas) {
      canvas = document.createElement("canvas");
      canvas.className = "heat-map";
      canvas.setAttribute("aria-hidden", "true");
      view.figure.querySelector(".picture").append(canvas);
    }
    const rows = view.map.naturalHeight / view.maps;
    const columns = view.map.naturalWidth;
    const moved = view.times && view.at >= 0 && view.at !== view.place;
    const index = moved ? view.at : view.maps - 1;
    canvas.width = columns * 12;
    canvas.height = rows * 12;
    const brush = canvas.getContext("2d");
    brush.imageSmoothingQuality = "high";
    brush.drawImage(view.map, 0, index * rows, columns * view.share[0], rows * view.share[1], 0, 0, canvas.width, canvas.height);
  }

  function heat(view) {
    view.heat = !view.heat;
    view.figure.querySelector('[data-do="heat"]').setAttribute("aria-pressed", String(view.heat));
    paint(view);
  }

  // --- copies

  async function copy(text, button) {
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      const field = document.createElement("textarea"); // a page on disk may not be let near the clipboard
      field.value = text;
      field.className = "sr";
      document.body.append(field);
      field.select();
      done = document.execCommand("copy");
      field.remove();
      button.focus({ preventScroll: true });
    }
    const words = button.dataset.words ?? button.textContent;
    button.dataset.words = words;
    button.textContent = done ? "copied" : "not copied";
    setTimeout(() => (button.textContent = words), 1500);
    if (done) return;
    const place = button.previousElementSibling;
    if (place) getSelection().selectAllChildren(place);
  }

  const viewOf = (element) => views.get(element.closest("figure.view"));
  const acts = {
    back: (view) => (view.timer && stop(view), show(view, at(view) - 1)),
    on: (view) => (view.timer && stop(view), show(view, at(view) + 1)),
    play,
    heat,
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    const what = button.dataset.do;
    if (what === "copy") return void copy(button.previousElementSibling.textContent, button);
    if (what === "share") return void copy(`${location.href.split("#")[0]}#${button.closest(".finding").id}`, button);
    const view = viewOf(button);
    if (view) acts[what](view);
  });
  document.addEventListener("input", (event) => {
    const view = event.target.matches(".steps .scrub") && viewOf(event.target);
    if (!view) return;
    if (view.timer) stop(view);
    show(view, Number(event.target.value));
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) for (const view of views.values()) if (view.timer) stop(view);
  });
  document.addEventListener("audit-current", () => {
    for (const view of views.values()) if (view.timer && !page.current()?.contains(view.figure)) stop(view);
  });

  page.makers.push(make);
  // What a key does to the current finding; says whether there was anything to do.
  page.look = (what) => {
    const figure = page.current()?.querySelector("figure.view");
    const view = figure && views.get(figure);
    if (!view || (what === "heat" ? !view.map : !view.times)) return false;
    acts[what](view);
    return true;
  };
  page.copyPlace = () => page.current()?.querySelector(".copy")?.click();
})();
