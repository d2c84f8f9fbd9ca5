// A template of the department is chosen above an answer and written into it where the cursor stands. What was typed is
// never replaced, not even where it is selected, and Ctrl+Z takes the template back.
"use strict";

const answerField = () => document.querySelector("#action form [name=answer]");
let wasEntered = false; // a field that nobody has entered has no cursor yet: then the end is meant

document.addEventListener("focusin", (event) => {
  if (event.target === answerField()) wasEntered = true;
});

function writeIn(field, text) {
  const at = wasEntered ? field.selectionEnd : field.value.length;
  const fits = field.maxLength < 0 || field.value.length + text.length <= field.maxLength;
  field.focus();
  field.setSelectionRange(at, at);
  if (fits && document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, at, at, "end"); // too long is said when it is sent; nothing is cut off unseen
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("change", (event) => {
  const select = event.target;
  if (!select.matches("[data-wording] select") || !select.value) return;
  const { text } = select.selectedOptions[0].dataset;
  select.value = "";
  pickers.get(select)?.forget();
  writeIn(answerField(), text);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-wording-open]")) document.querySelector("[data-wording] .pick-text")?.focus();
});
document.addEventListener("focusout", (event) => {
  const select = event.target.closest("[data-wording] .pick")?.querySelector("select");
  if (select && !select.value) pickers.get(select)?.forget(); // what chose nothing is nothing that is sent
});
