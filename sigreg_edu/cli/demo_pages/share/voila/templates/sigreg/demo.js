// Keys of a demo: arrows walk the numbered steps, digits jump, and a letter each for the rest.
// Keys that a slider, a box or a menu needs stay theirs while it has the focus.

const LOOK = "sigreg-demo-look";
const root = document.documentElement;

function recall(store, key) {
  try {
    return window[store].getItem(key);
  } catch {
    return null; // a browser that keeps nothing
  }
}
function remember(store, key, value) {
  try {
    window[store].setItem(key, value);
  } catch {
    /* it holds for this page */
  }
}
function setLook(look) {
  root.dataset.look = look;
  remember("localStorage", LOOK, look);
}
const asked = new URLSearchParams(location.search).get("look");
const night = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
setLook(asked === "dark" || asked === "light" ? asked : (recall("localStorage", LOOK) ?? night));

function steps() {
  const presets = document.querySelector(".sigreg-explorer .sigreg-presets");
  return [...(presets?.querySelectorAll("button") ?? [])].filter((b) => !b.querySelector("i"));
}
let current = 0; // a demo opens at its first step
let left = false; // since then a control was moved
function mark() {
  steps().forEach((button, k) => {
    button.classList.add("demo-step");
    if (k === current && !left) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  });
}
function go(k) {
  const button = steps()[k];
  if (!button) return false;
  button.click(); // which marks it
  button.scrollIntoView({ block: "nearest" });
}
function leave() {
  left = true;
  mark();
}
function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else root.requestFullscreen?.().catch(() => {});
}
function press(selector) {
  document.querySelector(selector)?.click();
}
const LAST = "sigreg-demo-last"; // the demo that the gallery is left for
function openGallery() {
  remember("sessionStorage", LAST, location.pathname);
  press(".demo-home");
}
function focusLastCard() {
  const last = recall("sessionStorage", LAST);
  cards().find((card) => new URL(card.href).pathname === last)?.focus();
}
function closeHelp() {
  const help = document.querySelector(".demo-help:not([hidden])");
  help?.toggleAttribute("hidden");
  return Boolean(help);
}
const cards = () => [...document.querySelectorAll(".demo-card a")];
function moveCard(by) {
  const all = cards();
  const here = all.indexOf(document.activeElement);
  all[Math.min(Math.max(here + by, 0), all.length - 1)]?.focus();
}
function rowLength() {
  const all = cards();
  const top = all[0]?.getBoundingClientRect().top;
  return Math.max(1, all.filter((c) => c.getBoundingClientRect().top === top).length);
}
const inGallery = () => document.body.classList.contains("demo-index");

const KEYS = {
  ArrowRight: () => (inGallery() ? moveCard(1) : go(current + 1)),
  ArrowLeft: () => (inGallery() ? moveCard(-1) : go(current - 1)),
  ArrowDown: () => (inGallery() ? moveCard(rowLength()) : false),
  ArrowUp: () => (inGallery() ? moveCard(-rowLength()) : false),
  PageDown: () => (inGallery() ? false : go(current + 1)),
  PageUp: () => (inGallery() ? false : go(current - 1)),
  f: fullScreen,
  d: () => setLook(root.dataset.look === "dark" ? "light" : "dark"),
  g: () => (inGallery() ? false : openGallery()),
  n: () => press(".sigreg-presets button .fa-refresh"),
  p: () => press(".sigreg-train, .sigreg-play"), // the first of them
  r: () => press(".sigreg-play"),
  Escape: closeHelp,
  "?": () => document.querySelector(".demo-help")?.toggleAttribute("hidden"),
};

const SLIDES = new Set([
  ...["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
  ...["PageUp", "PageDown", "Home", "End"],
]);
document.addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const busy = event.target.closest?.("input, select, textarea, [role=slider], .noUi-handle");
    if (busy) {
      if (event.key === "Escape") busy.blur();
      else if (SLIDES.has(event.key) && busy.matches(".noUi-handle")) leave();
      return;
    }
    const digit = "123456789".indexOf(event.key);
    const act = digit >= 0 && event.key && !inGallery() ? () => go(digit) : KEYS[event.key];
    if (!act || act() === false) return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-demo-key]");
  if (button) KEYS[button.dataset.demoKey]();
  const step = steps().indexOf(event.target.closest?.("button"));
  if (step >= 0) {
    current = step;
    left = false;
    mark();
  }
});
function leaveOn(kind, where) {
  const heard = (event) => event.target.closest?.(where) && leave();
  document.addEventListener(kind, heard, true);
}
leaveOn("input", ".sigreg-controls");
leaveOn("change", ".sigreg-controls");
leaveOn("pointerdown", ".noUi-target"); // a slider's handle or track; its keys are heard above

// The explorer comes when its kernel has run: number its steps, and fit its picture. What stays for
// the read-out only grows, so that the picture does not jump at each move; another window starts anew.
const LEAST_BELOW = 130; // pixels: nearly five lines
const MOST_BELOW = 230; // eight
let below = LEAST_BELOW;
function fit() {
  const canvas = document.querySelector(".sigreg-picture canvas");
  if (!canvas) return;
  const { top, bottom } = canvas.getBoundingClientRect();
  const words = document.querySelector(".sigreg-readout").getBoundingClientRect().bottom - bottom;
  below = Math.min(Math.max(below, words + 8), MOST_BELOW);
  root.style.setProperty("--demo-rest", `${Math.ceil(top + window.scrollY + below)}px`);
}
function refit() {
  below = LEAST_BELOW;
  fit();
}
const watch = new MutationObserver(() => {
  if (!document.querySelector(".sigreg-picture canvas")) return;
  document.querySelector(".sigreg-title").setAttribute("aria-level", "1"); // of this page
  mark();
  fit();
});
document.addEventListener("DOMContentLoaded", () => {
  if (inGallery()) return focusLastCard();
  watch.observe(document.body, { childList: true, subtree: true });
  mark();
});
window.addEventListener("resize", refit);
document.addEventListener("fullscreenchange", refit);
