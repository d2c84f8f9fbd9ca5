// What all forms have in common: what is typed and not sent yet, where Enter and Ctrl+Enter lead, one post a form,
// and where the eye goes after a refusal. keys.js and pick.js stand on this.
"use strict";

// A key that an input method is still composing with; 229 is what is sent where `isComposing` comes too late.
const isComposing = (event) => event.isComposing || event.keyCode === 229;

const PRESSED = "[type=hidden], [type=submit], [type=button], [type=reset], [type=image]";
const TICKED = "[type=checkbox], [type=radio]";

// Whether letters typed here become text.
const takesText = (element) =>
  element.isContentEditable || element.matches(`textarea, select, input:not(${PRESSED}, ${TICKED})`);

// What Tab reaches of a form's fields, in the order of the page.
const fieldsOf = (form) =>
  [...form.elements].filter(
    (field) =>
      field.matches(`textarea, select, input:not(${PRESSED})`) &&
      !field.disabled &&
      field.tabIndex >= 0 &&
      field.getClientRects().length > 0,
  );

// -- what is typed and not sent -------------------------------------------------------------------------------------

function differsFromPage(field) {
  if (field.matches(".pick-text")) return false; // the select behind it and the text beside it say
  if (field.matches("[data-typed-for]")) return field.value !== "";
  if (field.matches(PRESSED)) return false;
  if (field.matches(TICKED)) return field.checked !== field.defaultChecked;
  if (field.type === "file") return field.files.length > 0;
  if (field.matches("select")) return isChosenAnew(field);
  return field.value !== field.defaultValue;
}

function isChosenAnew(select) {
  const options = [...select.options];
  if (select.multiple || options.some((option) => option.defaultSelected))
    return options.some((option) => option.selected !== option.defaultSelected);
  return select.selectedIndex > 0;
}

const SEARCHES = "[role=search], [action='/find/']"; // sent as a post, since what is looked for is nobody's business
const ROW_TICKS = "[name=number], [name=key], [data-choose-all]"; // rows ticked in a list are nothing typed

// Whether a form holds what would be lost by leaving: `data-unsaved` marks one that came back refused, `data-kept` one
// whose content lies safe on this phone.
function hasUnsaved(form) {
  if (form.method !== "post" || form.matches(SEARCHES) || form.dataset.kept) return false;
  if (form.matches("[data-unsaved]")) return true;
  return [...form.elements].some((field) => !field.matches(ROW_TICKS) && differsFromPage(field));
}

// -- Enter and Ctrl+Enter -------------------------------------------------------------------------------------------

const buttonsOf = (form) => [...form.elements].filter((button) => button.type === "submit" && !button.disabled);

// Enter sends a search, a filter, a sign-in and a form of one field with one button; in every other form it goes on to
// the next field, since half a call must not be recorded by a slip of the hand.
const isSentByEnter = (form) =>
  form.method !== "post" ||
  form.matches(SEARCHES) ||
  form.dataset.enter === "sends" ||
  (fieldsOf(form).length < 2 && buttonsOf(form).length < 2);

function goOn(field) {
  const fields = fieldsOf(field.form).filter(
    (other) => other === field || (other.type !== "file" && (!field.name || other.name !== field.name)),
  );
  const next = fields[fields.indexOf(field) + 1];
  if (next) next.focus();
}

// The button that a key stands for; where none says so, the only one that the form has.
function buttonFor(form, keys) {
  const buttons = buttonsOf(form);
  const named = buttons.find((button) => button.getAttribute("aria-keyshortcuts") === keys);
  return named || (keys === "Control+Enter" && buttons.length === 1 ? buttons[0] : null);
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.defaultPrevented || isComposing(event)) return;
  const field = event.target;
  const form = field.form || field.closest("form");
  if (!form) return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    const button = !event.repeat && buttonFor(form, event.shiftKey ? "Control+Shift+Enter" : "Control+Enter");
    if (button) form.requestSubmit(button);
  } else if (field.matches(`input:not(${PRESSED})`) && !isSentByEnter(form)) {
    event.preventDefault();
    goOn(field);
  }
});

// -- one post a form: a second click on a slow network would send it twice ------------------------------------------

const SENDING = 8000; // milliseconds after which a form without an answer may be sent again

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, SENDING);
});
window.addEventListener("pageshow", () =>
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent),
);

// -- where the eye goes ---------------------------------------------------------------------------------------------

// After a refusal the first faulty field, else what was said of the whole form; on a fresh page where typing begins: where
// it says so, else in the first field of an action that was asked for.
function focusWhereToBegin(root) {
  const first = (which) => [...root.querySelectorAll(which)].find((field) => field.getClientRects().length > 0);
  const place =
    first(":is(input, textarea, select)[aria-invalid=true]") ||
    root.querySelector("[data-refusal]") ||
    root.querySelector("[data-focus]") ||
    first("#action form :is(input:not([type=hidden], [type=file]), textarea, select)");
  if (place) place.focus();
}
