// The picture of an explorer: a canvas, the read-out in words and, where something is wrong, why.
// A new frame is decoded first and then painted in one go, so that the picture never blanks.

function labelControls(explorer) {
  // ipywidgets gives slider handles, boxes and menus no accessible name: take the text beside them.
  explorer.setAttribute("role", "group");
  explorer.setAttribute("aria-label", explorer.querySelector(".sigreg-title")?.textContent ?? "");
  for (const row of explorer.querySelectorAll(".sigreg-control")) {
    const label = row.querySelector(".widget-label")?.textContent?.trim();
    if (!label) continue;
    const handle = row.querySelector(".noUi-handle");
    const box = row.querySelector("input[type=number], input[type=text]");
    handle?.setAttribute("aria-label", label);
    row.querySelector("select, input[type=checkbox]")?.setAttribute("aria-label", label);
    box?.setAttribute("aria-label", handle ? `${label}, typed` : label);
    // A slider over powers of two would else tell its exponent.
    if (handle && box) handle.setAttribute("aria-valuetext", box.value);
  }
}

// Pictures sent ahead that are decoded already, of all explorers of the page, the longest unused first.
// Each takes some 2 MB (8 on a dense screen), so there are few.
const MOST_DECODED = 16;
const NEAR = 8; // of one explorer, the nearest to its handle, that are decoded again where need be
const NEAR_DELAY = 150; // milliseconds after a move
const decoded = (globalThis[Symbol.for("sigreg.decoded")] ??= []);
async function decode(frame) {
  if (frame.waiting) return;
  const place = decoded.indexOf(frame);
  if (place >= 0) decoded.splice(place, 1);
  if (!frame.bitmap) {
    frame.waiting = true;
    try {
      frame.bitmap = await createImageBitmap(new Blob([frame.bytes]));
    } finally {
      frame.waiting = false;
    }
  }
  decoded.push(frame);
  while (decoded.length > MOST_DECODED) release(decoded.shift());
}
function release(frame) {
  frame.bitmap?.close();
  frame.bitmap = undefined;
}

const rounded = (position) => (Number(position.toFixed(6)) || 0).toFixed(6);

function render({ model, el }) {
  el.classList.add("sigreg-picture");
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  const error = document.createElement("p");
  error.className = "sigreg-error";
  error.setAttribute("role", "alert");
  const readout = document.createElement("p");
  readout.className = "sigreg-readout";
  // Read aloud once a slider rests, not at each of its steps.
  const spoken = document.createElement("p");
  spoken.className = "sigreg-spoken";
  spoken.setAttribute("aria-live", "polite");
  el.append(canvas, readout, error, spoken);
  const context = canvas.getContext("2d");

  let speech;
  function label() {
    const explorer = el.closest(".sigreg-explorer");
    if (!explorer) return;
    labelControls(explorer);
    listenToSliders(explorer);
  }

  let asked = 0;
  let shown = 0;
  let painted; // the frame that is on the canvas
  function tell(number) {
    // What is playing sends its next picture only now: never more than the browser can take.
    if (!model.get("playing")) return;
    model.set("taken", number);
    model.save_changes();
  }
  function showFrame() {
    const bytes = model.get("frame");
    if (!bytes || !bytes.byteLength) return;
    tell(model.get("frame_number")); // before it is decoded: the kernel works on the next meanwhile
    // The answer to an earlier position, while the hand is where a picture sent ahead is shown.
    if (leads && model.get("at").startsWith(`${leads.name}:`) && model.get("at") !== leads.at) return;
    leads = undefined;
    paint(bytes);
  }
  async function paint(bytes) {
    const ticket = ++asked;
    if (bytes === painted) return; // the same picture again
    let bitmap;
    try {
      bitmap = await createImageBitmap(new Blob([bytes]));
    } catch (reason) {
      error.textContent = `The picture could not be shown (${reason}). Run the cell again.`;
      error.hidden = false;
      return;
    }
    draw(bitmap, ticket, bytes);
    bitmap.close();
  }
  function draw(bitmap, ticket, bytes) {
    if (ticket < shown) return; // a later frame was quicker
    shown = ticket;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      canvas.style.width = `${model.get("width")}px`;
    }
    context.drawImage(bitmap, 0, 0);
    el.dataset.frame = String(ticket);
    painted = bytes;
  }

  // Pictures that the kernel sent ahead, of one slider's neighbouring positions: shown at once when
  // the hand gets there. What the kernel answers later is the same picture, and replaces it.
  let ahead = { name: "", frames: new Map() };
  let leads; // the picture sent ahead that is shown: slider and position
  function receive(content, buffers) {
    if (content.kind === "forget") {
      ahead = { name: content.name, frames: new Map() };
      leads = undefined;
    } else if (content.kind === "ahead" && content.name === ahead.name) {
      const frame = { bytes: buffers[0], readout: content.readout };
      ahead.frames.set(content.at, frame);
      decode(frame).catch(() => {}); // paint tells, should the hand get there
    }
  }
  let soon;
  function decodeNear(position) {
    const far = ([at]) => Math.abs(Number(at) - position);
    const near = [...ahead.frames].sort((one, other) => far(one) - far(other)).slice(0, NEAR);
    for (const [, frame] of near.reverse()) decode(frame).catch(() => {});
  }
  function moved(name, position) {
    clearTimeout(soon);
    soon = setTimeout(decodeNear, NEAR_DELAY, position);
    if (name !== ahead.name) {
      ahead.frames.clear(); // of a state that is about to change
      return;
    }
    const at = rounded(position);
    const frame = ahead.frames.get(at);
    if (!frame || model.get("at") === `${name}:${at}`) {
      leads = undefined;
      return;
    }
    leads = { name, at: `${name}:${at}` };
    // Decoded already, it is on the canvas before the browser paints the handle's new place.
    if (frame.bitmap) draw(frame.bitmap, ++asked, frame.bytes);
    else paint(frame.bytes);
    showReadout(frame.readout);
  }
  function listenToSliders(explorer) {
    for (const row of explorer.querySelectorAll(".sigreg-control")) {
      const slider = row.querySelector(".noUi-target")?.noUiSlider;
      const field = [...row.classList].find((name) => name.startsWith("sigreg-field-"));
      if (!slider || !field || row.dataset.listens) continue;
      row.dataset.listens = "yes";
      const name = field.slice("sigreg-field-".length);
      slider.on("slide.sigreg", (_values, handle, positions) => moved(name, positions[handle]));
    }
  }

  function showReadout(words) {
    readout.textContent = words;
    canvas.setAttribute("aria-label", words);
  }
  function showWords() {
    if (!leads) showReadout(model.get("readout"));
    error.textContent = model.get("error");
    error.hidden = !model.get("error");
    clearTimeout(speech);
    speech = setTimeout(() => {
      spoken.textContent = readout.textContent;
      label();
    }, 500);
  }

  // Jupyter tells so when the kernel was restarted, has died, or the server is out of reach.
  function gone() {
    error.textContent = "The kernel has ended or was restarted. Run this cell again, and those above it.";
    error.hidden = false;
  }

  model.on("comm_live_update", gone);
  model.on("change:frame_number", showFrame);
  model.on("change:readout change:error", showWords);
  model.on("msg:custom", receive);
  showWords();
  showFrame();
  try {
    model.send({ kind: "shown" });
  } catch {
    // a page without a kernel
  }

  // Sharp on a dense screen, also when the window moves to another one or the page is zoomed.
  let density;
  function watchDensity() {
    const ratio = Math.min(2, Math.max(1, window.devicePixelRatio || 1));
    if (ratio !== model.get("pixel_ratio")) {
      model.set("pixel_ratio", ratio);
      model.save_changes();
    }
    density = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    density.addEventListener("change", watchDensity, { once: true });
  }
  watchDensity();

  // The controls come in the same turn as the picture, or later: name them whenever some do.
  let waiting = setTimeout(label, 0);
  const arrivals = new MutationObserver(() => {
    clearTimeout(waiting);
    waiting = setTimeout(label, 50);
  });
  const outer = setTimeout(() => {
    const explorer = el.closest(".sigreg-explorer");
    if (explorer) arrivals.observe(explorer, { childList: true, subtree: true });
  }, 0);
  return () => {
    [speech, waiting, outer, soon].forEach(clearTimeout);
    arrivals.disconnect();
    density?.removeEventListener("change", watchDensity);
    model.off("comm_live_update", gone);
    model.off("change:frame_number", showFrame);
    model.off("change:readout change:error", showWords);
    model.off("msg:custom", receive);
  };
}

export default { render };
