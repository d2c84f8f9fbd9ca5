// A form within the row of a list, so that nobody leaves the list for it: another department for a ticket (key a), a
// word on its return (keys g and r). Where scripts do not run, the same buttons are links to the ticket's own forms.
"use strict";

const anotherDepartment = () => document.getElementById("another");
let openedBy = null; // the button whose form is open

function closeRowForm() {
  const form = document.querySelector("form.in-row:not([hidden])");
  if (!form) return;
  form.hidden = true;
  openedBy?.focus();
  openedBy = null;
}

function openRowForm(button) {
  closeRowForm();
  const row = button.closest("tr");
  goToRow(rowsOfList().indexOf(row));
  openedBy = button;
  if (button.dataset.inRow === "another") openAnother(row);
  else openReview(row, button.dataset.inRow);
}

// -- another department: chosen by typing, and dispatched by the Enter that chooses --

function openAnother(row) {
  const form = anotherDepartment();
  const box = row.querySelector("input[form=many][name=number]");
  const version = row.querySelector("input[name^=version-]");
  form.elements.number.value = box.value;
  form.querySelector("[data-version]").name = version.name;
  form.querySelector("[data-version]").value = version.value;
  row.querySelector("[data-in-row-place]").append(form);
  form.hidden = false;
  const picker = pickerOfAnother(form);
  picker.select.value = "";
  picker.forget();
  picker.input.focus();
}

// The list of departments is long: the page has it once, for the chosen ones, and here it is copied when first wanted.
function pickerOfAnother(form) {
  const place = form.querySelector("[data-departments]");
  if (!place.firstElementChild) {
    const select = document.querySelector("#many select[name=department]").cloneNode(true);
    Object.assign(select, { id: "another_department", hidden: false, value: "" });
    select.setAttribute("aria-label", place.dataset.departments);
    place.append(select);
    enhancePickers(place);
  }
  return pickers.get(form.elements.department);
}

document.addEventListener("keydown", (event) => {
  const form = event.target.closest("form.in-row");
  if (!form || isComposing(event)) return;
  if (event.key === "Escape") return closeRowForm();
  const picker = event.key === "Enter" && form === anotherDepartment() && pickers.get(form.elements.department);
  if (!picker || event.target !== picker.input) return;
  event.preventDefault();
  if (picker.select.value && !picker.typed.value && !event.repeat) form.requestSubmit();
});

// -- a word on a return --

function openReview(row, which) {
  const form = row.querySelector("form.in-row");
  for (const button of form.querySelectorAll("button[data-review]")) {
    const isMeant = button.dataset.review === which;
    button.hidden = button.disabled = !isMeant;
    if (isMeant) form.elements.note.required = button.hasAttribute("data-needs-words");
  }
  form.hidden = false;
  form.elements.note.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-in-row]");
  if (button && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    openRowForm(button);
  } else if (event.target.closest("[data-close-row]")) closeRowForm();
});
