// Letters as keys: "/" finds, "n" records a new call, "?" helps (as F1 does); in a list j and k move, x chooses, l chooses what is alike, * all
// of the page, o opens. What else can be done with a row or with the chosen ones says its button: data-key,
// data-chosen-key and data-list-key. One guard for all of them: where somebody may be typing, a letter is a letter.
"use strict";

// The field typed in last, until a click or another place of the focus shows that the hands are elsewhere. A page can
// lose the focus under somebody who types on, blind.
let lastField = null;
document.addEventListener("focusin", (event) => {
  lastField = takesText(event.target) ? event.target : null;
});
document.addEventListener("pointerdown", () => {
  lastField = null;
}, true);

const isFocusLost = () => lastField !== null && document.activeElement === document.body;

function isKey(event) {
  if (event.defaultPrevented || isComposing(event)) return false;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (takesText(event.target) || isFocusLost()) return false;
  return ![...document.forms].some((form) => !form.hidden && hasUnsaved(form));
}

// -- a key that stands at a button, such as Alt+U: it works while one types, and only where the button is seen --

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.repeat || isComposing(event)) return;
  if (!/^Key[A-Z]$/.test(event.code)) return;
  const button = document.querySelector(`button[aria-keyshortcuts="Alt+${event.code.slice(3)}"]`);
  if (!button || button.disabled || !button.checkVisibility()) return;
  event.preventDefault();
  button.click();
});

// -- on every page --

// F1 helps while somebody types too, where "?" is a letter.
document.addEventListener("keydown", (event) => {
  if (event.key === "F1" && help()) event.preventDefault();
});

function find() {
  const box = document.querySelector("form.find input[type=search]");
  if (box) box.focus();
  return box;
}

function recordCall() {
  const door = document.querySelector("a[data-door=new-ticket]");
  if (door) door.click();
  return door;
}

function help() {
  const door = document.querySelector("a[data-help]"); // opens beside this page, so that nothing typed is left
  if (door) door.click();
  return door;
}

const PAGE_KEYS = { "/": find, n: recordCall, "?": help, "？": help };

// -- in a list: one row is the one that is worked on --

const WORKED_BY_KEYS = "#many, [data-row-keys]"; // what a page has whose rows are worked by keys
const PLACE = `row:${location.pathname}?${new URLSearchParams(location.search).get("tab") || ""}`;

const rowsOfList = () =>
  document.querySelector(WORKED_BY_KEYS) ? [...document.querySelectorAll("table.sheet tbody tr")] : [];
const rowHere = () => document.querySelector("table.sheet tbody tr.here");
const isAnyChosen = () => document.querySelector("input[form=many][name=number]:checked") !== null;

function goToRow(to) {
  const rows = rowsOfList();
  rowHere()?.classList.remove("here");
  rows[to]?.classList.add("here");
  sessionStorage.setItem(PLACE, to);
  rows[to]?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const rows = rowsOfList();
  goToRow(Math.min(Math.max(rows.indexOf(rowHere()) + by, 0), rows.length - 1));
}

function tickLike(row) {
  const like = row.querySelector("input[name=number]")?.dataset.like;
  document.querySelectorAll(`input[name=number][data-like="${like}"]`).forEach((box) => (box.checked = true));
}

const LIST_KEYS = {
  j: () => step(1),
  k: () => step(-1),
  "*": () => document.querySelector("[data-choose-all]")?.click(),
};
const ROW_KEYS = {
  x: (row) => row.querySelector("input[name=number]")?.click(),
  l: tickLike,
  o: (row) => row.querySelector("a")?.click(),
};

// The button that a letter presses: that of the chosen ones, else that of the row, else that of the list.
function buttonOf(letter) {
  const seen = (button) => (button?.checkVisibility() ? button : null);
  const ofChosen = isAnyChosen() ? document.querySelector(`[data-chosen-key="${letter}"]`) : null;
  const ofRow = rowHere()?.querySelector(`[data-key="${letter}"]`);
  return ofChosen ?? ofRow ?? seen(document.querySelector(`[data-list-key="${letter}"]`));
}

document.addEventListener("keydown", (event) => {
  if (!isKey(event)) return;
  if (PAGE_KEYS[event.key]) {
    if (PAGE_KEYS[event.key]()) event.preventDefault();
    return;
  }
  if (/^[a-z]$/.test(event.key) && !event.repeat) {
    const button = buttonOf(event.key);
    if (button) {
      event.preventDefault(); // the letter would be typed into the field that opens
      return button.click();
    }
  }
  if (!rowsOfList().length) return;
  if (LIST_KEYS[event.key]) LIST_KEYS[event.key]();
  else if (ROW_KEYS[event.key] && rowHere()) ROW_KEYS[event.key](rowHere());
});

// Back from a dispatch the same place of the list is worked on.
document.addEventListener("DOMContentLoaded", () => {
  const rows = rowsOfList();
  rows[Math.min(Number(sessionStorage.getItem(PLACE) ?? -1), rows.length - 1)]?.classList.add("here");
});
