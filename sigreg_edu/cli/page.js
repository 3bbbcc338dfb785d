// What the browser tests and the bench do inside the page. Put there by browser.py before JupyterLab
// starts; JupyterLab shows itself as window.jupyterapp (--LabApp.expose_app_in_browser=True).

window.sigregEdu = (() => {
  const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const nextFrame = () => new Promise((done) => requestAnimationFrame(done));

  async function until(value) {
    for (;;) {
      const found = value();
      if (found) return found;
      await wait(20);
    }
  }

  // Call one of the functions below; fail if it takes longer than `limit` milliseconds.
  function within(limit, name, values) {
    const late = wait(limit).then(() => {
      throw new Error(`${name} took more than ${limit / 1000} s`);
    });
    return Promise.race([functions[name](...values), late]);
  }

  // --- the notebook --------------------------------------------------------------------------

  const panel = () => window.jupyterapp.shell.currentWidget;
  const kernel = () => panel().sessionContext.session.kernel;

  async function kernelReady(path) {
    await until(() => window.jupyterapp);
    await window.jupyterapp.restored;
    await until(() => panel()?.context?.path === path);
    await panel().context.ready;
    await panel().sessionContext.ready;
    await until(() => panel().sessionContext.session?.kernel);
    await kernel().info;
  }

  const shutDown = () => panel().sessionContext.shutdown();
  const interrupt = () => kernel().interrupt();

  async function runAll() {
    await window.jupyterapp.commands.execute("notebook:run-all-cells");
    const outputs = panel().context.model.toJSON().cells.flatMap((cell) => cell.outputs ?? []);
    const failed = outputs.filter((output) => output.output_type === "error");
    return failed.map((output) => plain(output.traceback.join("\n")));
  }

  async function runCode(code) {
    const asked = kernel().requestExecute({ code, stop_on_error: true, store_history: false });
    let text = "";
    asked.onIOPub = (message) => {
      if (message.content.name === "stdout") text += message.content.text;
    };
    const { content } = await asked.done;
    return { text, error: content.status === "error" ? plain(content.traceback.join("\n")) : "" };
  }

  // Terminal colours taken out of a traceback.
  const plain = (text) => text.replace(/\u001b\[[0-9;]*m/g, "");

  // Milliseconds from asking for a new kernel until the notebook's first picture is on the screen.
  async function firstPicture() {
    const { sessionContext } = panel();
    const name = kernel().name;
    await sessionContext.shutdown();
    await window.jupyterapp.commands.execute("notebook:clear-all-cell-outputs");
    await until(() => !document.querySelector(".sigreg-picture"));
    const start = performance.now();
    await sessionContext.changeKernel({ name });
    await kernel().info;
    const running = window.jupyterapp.commands.execute("notebook:run-all-cells");
    await until(() => document.querySelector(".sigreg-picture[data-frame]"));
    await nextFrame();
    const taken = performance.now() - start;
    await running;
    return taken;
  }

  // --- pictures ------------------------------------------------------------------------------

  function pixels(canvas, width, height) {
    const copy = document.createElement("canvas");
    copy.width = width;
    copy.height = height;
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  }

  // One even colour, transparent or opaque, or no canvas on the page at all. A small copy is
  // enough: a picture with axes in it never shrinks to one colour.
  function isBlank(canvas) {
    if (!canvas?.isConnected || !canvas.width || !canvas.height) return true;
    const data = pixels(canvas, 160, 80);
    for (let at = 4; at < data.length; at += 1) {
      if (Math.abs(data[at] - data[at % 4]) > 3) return false;
    }
    return true;
  }

  async function fingerprint(canvas) {
    const data = pixels(canvas, canvas.width, canvas.height);
    const digest = await crypto.subtle.digest("SHA-256", data);
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // Whether a frame after number `before` is shown within `limit` milliseconds.
  async function newFrame(picture, before, limit) {
    const end = performance.now() + limit;
    while (Number(picture.dataset.frame) <= before && performance.now() < end) await wait(10);
    return Number(picture.dataset.frame) > before;
  }

  // Wait until no new frame has been shown for `quiet` milliseconds.
  async function rest(picture, quiet) {
    let frame = picture.dataset.frame;
    let since = performance.now();
    while (performance.now() - since < quiet) {
      await wait(20);
      if (picture.dataset.frame !== frame) {
        frame = picture.dataset.frame;
        since = performance.now();
      }
    }
  }

  // --- timing --------------------------------------------------------------------------------

  // Watches an explorer: the time from an input event (its own time stamp: when the browser took it
  // in) to the animation frame that follows the next new picture.
  function stopwatch(explorer) {
    const picture = explorer.querySelector(".sigreg-picture");
    let asked = null;
    let shown = [];
    const start = (event) => {
      asked ??= event.timeStamp;
    };
    explorer.addEventListener("keydown", start, true);
    const observer = new MutationObserver(async () => {
      await nextFrame();
      shown.push(performance.now());
    });
    observer.observe(picture, { attributes: true, attributeFilter: ["data-frame"] });

    return {
      reset() {
        asked = null;
        shown = [];
      },
      // Milliseconds to the first picture after the event, null if none came within `limit`.
      async first(limit) {
        const end = performance.now() + limit;
        while (!shown.length && performance.now() < end) await wait(5);
        return shown.length && asked !== null ? shown[0] - asked : null;
      },
      // The same to the last picture before `quiet` milliseconds without one.
      async last(quiet, limit) {
        const end = performance.now() + limit;
        const over = () => shown.length && performance.now() - shown.at(-1) > quiet;
        while (!over() && performance.now() < end) await wait(5);
        return over() && asked !== null ? shown.at(-1) - asked : null;
      },
      shown: () => shown,
      stop() {
        observer.disconnect();
        explorer.removeEventListener("keydown", start, true);
      },
    };
  }

  // Looks at the picture in every animation frame until stopped.
  function blankWatch(explorer) {
    const counts = { looked: 0, blank: 0 };
    let on = true;
    const look = () => {
      if (!on) return;
      counts.looked += 1;
      if (isBlank(explorer.querySelector("canvas[role=img]"))) counts.blank += 1;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    return {
      stop() {
        on = false;
        return counts;
      },
    };
  }

  const functions = { kernelReady, shutDown, interrupt, runAll, runCode, firstPicture };
  return { within, newFrame, rest, fingerprint, isBlank, stopwatch, blankWatch };
})();
