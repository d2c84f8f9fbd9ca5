// Letters as keys: "/" finds, "n" records a new call, and lists are worked with j, k, x, l, o, d and a. One guard for
// all of them: where somebody may be typing, a letter is a letter.
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
  return ![...document.forms].some(hasUnsaved);
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

const PAGE_KEYS = { "/": find, n: recordCall };

// -- in a list: one row is the one that is worked on --

const rowsOfList = () =>
  document.getElementById("many") ? [...document.querySelectorAll("table.sheet tbody tr")] : [];
const rowHere = () => document.querySelector("table.sheet tbody tr.here");

function goToRow(to) {
  const rows = rowsOfList();
  rowHere()?.classList.remove("here");
  rows[to]?.classList.add("here");
  sessionStorage.setItem("row", to);
  rows[to]?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const rows = rowsOfList();
  goToRow(Math.min(Math.max(rows.indexOf(rowHere()) + by, 0), rows.length - 1));
}

function tickLike(row) {
  const { like } = row.querySelector("input[name=number]").dataset;
  document.querySelectorAll(`input[name=number][data-like="${like}"]`).forEach((box) => (box.checked = true));
}

const LIST_KEYS = { j: () => step(1), k: () => step(-1) };
const ROW_KEYS = {
  x: (row) => row.querySelector("input[name=number]")?.click(),
  l: tickLike,
  o: (row) => row.querySelector("a")?.click(),
  d: (row) => row.querySelector("[data-key=d]")?.click(),
  a: (row) => row.querySelector("a.btn")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (!isKey(event)) return;
  if (PAGE_KEYS[event.key]) {
    if (PAGE_KEYS[event.key]()) event.preventDefault();
  } else if (rowsOfList().length) {
    if (LIST_KEYS[event.key]) LIST_KEYS[event.key]();
    else if (ROW_KEYS[event.key] && rowHere()) ROW_KEYS[event.key](rowHere());
  }
});

// Back from a dispatch the same place of the list is worked on.
document.addEventListener("DOMContentLoaded", () => {
  const rows = rowsOfList();
  rows[Math.min(Number(sessionStorage.getItem("row") ?? -1), rows.length - 1)]?.classList.add("here");
});
