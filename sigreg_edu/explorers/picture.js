// The picture of an explorer: a canvas, the read-out in words and, where something is wrong, why.
// A new frame is decoded first and then painted in one go, so that the picture never blanks.

function labelControls(explorer) {
  // ipywidgets gives slider handles no accessible name: take the text beside them.
  for (const row of explorer.querySelectorAll(".sigreg-control")) {
    const label = row.querySelector(".widget-label")?.textContent?.trim();
    if (!label) continue;
    row.querySelector(".noUi-handle")?.setAttribute("aria-label", label);
    for (const input of row.querySelectorAll("input")) {
      input.setAttribute("aria-label", `${label}, typed`);
    }
  }
}

function render({ model, el }) {
  el.classList.add("sigreg-picture");
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  const error = document.createElement("p");
  error.className = "sigreg-error";
  error.setAttribute("role", "alert");
  const readout = document.createElement("p");
  readout.className = "sigreg-readout";
  readout.setAttribute("aria-live", "polite");
  el.append(canvas, readout, error);
  const context = canvas.getContext("2d");

  let asked = 0;
  let shown = 0;
  async function showFrame() {
    const ticket = ++asked;
    const bytes = model.get("frame");
    if (!bytes || !bytes.byteLength) return;
    const bitmap = await createImageBitmap(new Blob([bytes]));
    if (ticket < shown) return; // a later frame was quicker
    shown = ticket;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      canvas.style.width = `${model.get("width")}px`;
    }
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    el.dataset.frame = String(ticket);
  }

  function showWords() {
    readout.textContent = model.get("readout");
    canvas.setAttribute("aria-label", model.get("readout"));
    error.textContent = model.get("error");
    error.hidden = !model.get("error");
  }

  model.on("change:frame", showFrame);
  model.on("change:readout change:error", showWords);
  showWords();
  showFrame();

  const ratio = Math.min(2, Math.max(1, window.devicePixelRatio || 1));
  if (ratio !== model.get("pixel_ratio")) {
    model.set("pixel_ratio", ratio);
    model.save_changes();
  }
  // The controls are laid out in the same turn as the picture, or a little later.
  const timers = [0, 300, 1500].map((delay) =>
    setTimeout(() => {
      const explorer = el.closest(".sigreg-explorer");
      if (explorer) labelControls(explorer);
    }, delay),
  );
  return () => {
    timers.forEach(clearTimeout);
    model.off("change:frame", showFrame);
    model.off("change:readout change:error", showWords);
  };
}

export default { render };
