// Turns over the frames that a page keeps for each picture. No kernel, no network.
"use strict";

function bringToLife(figure) {
  const kept = JSON.parse(figure.querySelector("script").textContent);
  const picture = figure.querySelector("img");
  const slider = figure.querySelector("input");
  const value = figure.querySelector("output");
  const words = figure.querySelector(".sigreg-words");
  slider.addEventListener("input", () => {
    const now = Number(slider.value);
    picture.src = kept.pictures[now];
    picture.alt = words.textContent = kept.words[now];
    value.textContent = kept.values[now];
    slider.setAttribute("aria-valuetext", kept.values[now]);
  });
  slider.value = slider.defaultValue; // a browser that goes back may remember another one
  figure.querySelector(".sigreg-control").hidden = false;
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".sigreg-live").forEach(bringToLife);
  // What the theme leaves out: code that is wider than its box scrolls by keys, too, and the two
  // columns at the sides have names.
  document.querySelectorAll("pre").forEach((code) => code.setAttribute("tabindex", "0"));
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "all notebooks");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "on this page");
});
