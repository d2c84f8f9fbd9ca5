// On the form of a call: the place book proposes a region while the address is typed, and fills it in where it is sure
// and nobody has chosen one. What it filled is marked and taken back by one key; what the operator chose stays.
// templates/tickets/_place.html is the other half.
"use strict";

const region = document.querySelector("[data-place-region] select");

// Whose word the region is: nobody's yet, the book's, or the operator's.
let owner = "nobody";
let before = ""; // what stood there before the book filled it
let isFilling = false;
const refused = new Set(); // regions that were taken back on this page

function setRegion(value) {
  isFilling = true;
  region.value = value;
  region.dispatchEvent(new Event("change", { bubbles: true }));
  isFilling = false;
}

// Something is being typed into the box of the region, so that it is being chosen.
const isBeingChosen = () => Boolean(pickers.get(region)?.typed.value) || document.activeElement === pickers.get(region)?.input;

function mark() {
  region.closest(".mb-field").classList.toggle("filled-in", owner === "book");
  const back = document.querySelector("#place [data-take-back]");
  if (back) back.hidden = owner !== "book";
}

function takeBack() {
  if (owner !== "book") return;
  refused.add(region.value);
  owner = "nobody";
  setRegion(before);
  mark();
}

function propose() {
  const { taken = "", whole = "" } = document.querySelector("#place > [data-taken]")?.dataset || {};
  if (owner === "nobody" && region.value && region.value !== whole) owner = "operator"; // a form that came back
  if (owner !== "operator" && !isBeingChosen()) {
    if (taken && taken !== region.value && !refused.has(taken)) {
      if (owner === "nobody") before = region.value;
      owner = "book";
      setRegion(taken);
    } else if (!taken && owner === "book") {
      owner = "nobody"; // the words that it was read from are gone
      setRegion(before);
    }
  }
  mark();
}

if (region) {
  region.addEventListener("change", () => {
    if (isFilling) return;
    owner = "operator";
    mark();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "place") propose();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-take-back]")) return;
    takeBack();
    pickers.get(region)?.input.focus(); // the button goes, and with it the focus would
  });
  document.addEventListener("keydown", (event) => {
    const isKey = event.altKey && !event.ctrlKey && !event.metaKey && event.code === "KeyZ";
    if (!isKey || owner !== "book") return;
    event.preventDefault();
    takeBack();
  });
}
