(() => {
  const { all } = page;
  const live = new Map(); // .curve → its plot
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const HEIGHT = 74;
  const AXIS = 38;
  let colors = null;
  const palette = () => (colors ??= Object.fromEntries(["text", "muted", "line", "error", "warning", "note", "fixed", "dismissed", "panel"].map((name) => [name, css(name)])));

  function numbers(curve) {
    const { first, step, values } = curve.dataset;
    const xs = [];
    const ys = [];
    for (let i = 0; i < values.length; i += 2) {
      xs.push(Number(first) + (i / 2 + 0.5) * Number(step));
      ys.push(parseInt(values.slice(i, i + 2), 16) / 255);
    }
    return [xs, ys];
  }

  // Flagged ranges lie behind the line: tinted, with a solid edge on top that needs no colour to be seen.
  function spans(curve) {
    const told = curve.dataset.spans.split(" ").filter(Boolean);
    const ranges = [];
    for (let i = 0; i + 2 < told.length; i += 3) ranges.push([Number(told[i]), Number(told[i + 1]), told[i + 2]]);
    return (plot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      for (const [from, to, kind] of ranges) {
        const left = Math.max(plot.valToPos(from, "x", true), bbox.left);
        const right = Math.min(plot.valToPos(to, "x", true), bbox.left + bbox.width);
        const width = Math.max(right - left, 3 * devicePixelRatio);
        ctx.fillStyle = palette()[kind] ?? palette().muted;
        ctx.globalAlpha = 0.22;
        ctx.fillRect(left, bbox.top, width, bbox.height);
        ctx.globalAlpha = 1;
        ctx.fillRect(left, bbox.top, width, 3 * devicePixelRatio);
      }
      ctx.strokeStyle = palette().text;
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
      const y = Math.round(plot.valToPos(0.5, "y", true)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.restore();
    };
  }

  function mount(curve, width) {
    const [from, to] = curve.closest(".curves").dataset.axis.split(" ").map(Number);
    const peak = curve.querySelector(".curve-peak");
    const font = "11px system-ui, sans-serif";
    const grid = { stroke: palette().line, width: 1 };
    const data = numbers(curve);
    const place = document.createElement("div");
    place.className = "plot";
    curve.append(place);
    const plot = new uPlot(
      {
        width,
        height: HEIGHT,
        padding: [6, 8, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, sync: { key: curve.closest("article").id } },
        scales: { x: { time: false, range: [from, to] }, y: { range: [0, 1] } },
        axes: [
          { stroke: palette().muted, font, size: 20, gap: 2, grid, ticks: { show: false }, values: (_, ticks) => ticks.map((tick) => `${tick} s`) },
          { stroke: palette().muted, font, size: AXIS, gap: 4, grid, ticks: { show: false }, splits: () => [0, 0.5, 1] },
        ],
        series: [{}, { stroke: palette().text, width: 1.4, fill: `${palette().text}14`, points: { show: false } }],
        hooks: {
          drawAxes: [spans(curve)],
          setCursor: [
            (self) => {
              const i = self.cursor.idx;
              peak.textContent = i == null || self.cursor.left < 0 ? peak.dataset.peak : `${data[1][i].toFixed(2)} at ${data[0][i].toFixed(2)} s`;
            },
          ],
        },
      },
      data,
      place,
    );
    curve.classList.add("live");
    live.set(curve, plot);
  }

  function unmount(curve) {
    live.get(curve)?.destroy();
    curve.querySelector(".plot")?.remove();
    live.delete(curve);
    curve.classList.remove("live");
  }

  const soon = page.whenIdle((curve) => {
    const width = curve.clientWidth;
    if (width > 120 && !live.has(curve)) mount(curve, width);
  }, 6);
  const away = page.whenIdle(unmount, 2);
  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        (isIntersecting ? away : soon).drop(target);
        if (isIntersecting) soon.add(target);
        else if (live.has(target)) away.add(target);
      }
    },
    { rootMargin: "400px" },
  );
  page.makers.push((element) => {
    for (const curve of all(".curve[data-values]", element)) near.observe(curve);
  });

  function redraw() {
    colors = null;
    for (const curve of [...live.keys()]) {
      const width = curve.clientWidth;
      unmount(curve);
      if (width > 120) mount(curve, width);
    }
  }
  page.one("theme").addEventListener("click", redraw);
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", redraw);
  let waiting = 0;
  new ResizeObserver(() => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      for (const [curve, plot] of live) {
        const width = curve.clientWidth;
        if (width > 120 && width !== plot.width) plot.setSize({ width, height: HEIGHT });
      }
    }, 100);
  }).observe(page.one("clips"));
})();
