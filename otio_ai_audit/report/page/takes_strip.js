/** The pictures of a take that stand in its card, for the grid and for takes side by side. */
const stripOf = (() => {
  const strips = new WeakMap();
  return (frame) => {
    if (!strips.has(frame)) {
      const image = frame.querySelector("img");
      const own = image ? [image.src] : [];
      const urls = frame.dataset.frames ? frame.dataset.frames.split(" ").map((url) => (url === "." ? image.src : url)) : own;
      const times = frame.dataset.times ? frame.dataset.times.split(" ") : own.map(() => frame.querySelector(".moment").textContent.replace(" s", ""));
      const held = urls.map((url) => Object.assign(new Image(), { src: url })); // decoded before they are shown
      strips.set(frame, { image, place: Number(frame.dataset.place ?? 0), urls, held, times });
    }
    return strips.get(frame);
  };
})();
