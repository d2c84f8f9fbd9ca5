// On the form of a call: fields fill themselves in from the words while these are typed, where the server is sure and
// nobody has chosen. What was filled is marked and listed, and one key takes the last one back, or the one that the
// cursor stands in. What the operator typed or chose stays; what was taken back does not come again.
//
// A fragment names in `data-fills` the fields that it speaks of, and holds a `data-fill-in` with a `data-value` for each
// that it fills; a field that it speaks of no more gets back what stood there. `data-unset` is a value that is none.
"use strict";

const filledFields = new Map(); // by name, in the order in which they were filled
let isFilling = false;

class Filled {
  constructor(field) {
    this.field = field;
    this.owner = "nobody"; // whose word it is: nobody's yet, the words', or the operator's
    this.before = ""; // what stood there before it was filled
    this.refused = new Set();
    this.unset = new Set([""]);
    if (!field.form.matches("[data-unsaved]")) this.unset.add(this.value);
    for (const kind of ["input", "change"])
      field.addEventListener(kind, () => {
        if (!isFilling) this.give("operator");
      });
  }

  get value() {
    const { field } = this;
    return field.type === "checkbox" ? (field.checked ? "1" : "") : field.value;
  }

  set value(value) {
    isFilling = true;
    if (this.field.type === "checkbox") this.field.checked = Boolean(value);
    else this.field.value = value;
    for (const kind of ["input", "change"]) this.field.dispatchEvent(new Event(kind, { bubbles: true }));
    isFilling = false;
  }

  get label() {
    const [label] = [...this.field.labels, ...(pickers.get(this.field)?.input.labels || [])];
    const words = [...(label?.childNodes || [])].filter((node) => node.nodeType === Node.TEXT_NODE);
    return words.map((node) => node.textContent.trim()).join("");
  }

  // Something is being typed into its box, so that it is being chosen.
  get isBeingChosen() {
    const picker = pickers.get(this.field);
    return picker && (picker.typed.value || document.activeElement === picker.input);
  }

  get isHere() {
    return document.activeElement === this.field || document.activeElement === pickers.get(this.field)?.input;
  }

  give(owner) {
    if (owner === this.owner) return;
    this.owner = owner;
    this.field.closest(".mb-field").classList.toggle("filled-in", owner === "words");
    filledFields.delete(this.field.name);
    filledFields.set(this.field.name, this); // last in order
    listFilled();
  }

  propose(value) {
    if (this.owner === "nobody" && !this.unset.has(this.value)) this.give("operator"); // a form that came back
    if (this.owner === "operator" || this.isBeingChosen) return;
    if (value && value !== this.value && !this.refused.has(value)) {
      if (this.owner === "nobody") this.before = this.value;
      this.value = value;
      this.give("words");
    } else if (!value && this.owner === "words") this.restore(); // the words that it was read from are gone
  }

  restore() {
    this.give("nobody");
    this.value = this.before;
  }

  takeBack() {
    this.refused.add(this.value);
    this.restore();
  }
}

const filledOf = (name) => {
  const field = document.getElementById(`id_${name}`);
  if (field && !filledFields.has(name)) filledFields.set(name, new Filled(field));
  return filledFields.get(name);
};

// Under the words stands what they filled in, each with its way back; the key stands at one of them.
function listFilled() {
  const line = document.getElementById("filled");
  if (!line) return;
  const filled = [...filledFields.values()].filter((one) => one.owner === "words");
  const next = filled.find((one) => one.isHere) || filled.at(-1);
  line.querySelector(".chips").replaceChildren(
    ...filled.map((one) => {
      const chip = made("button", { type: "button", class: "chip", "data-take-back": one.field.name });
      if (one === next) chip.setAttribute("aria-keyshortcuts", "Alt+Z"); // keys.js presses it
      chip.textContent = `${one.label} ×`;
      return chip;
    }),
  );
  line.hidden = !filled.length;
}

document.addEventListener("focusin", (event) => {
  if (event.target.closest?.(".filled-in")) listFilled();
});
document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-take-back]");
  const one = chip && filledFields.get(chip.dataset.takeBack);
  if (!one) return;
  const goesOn = document.activeElement === chip; // the chip goes, and with it the focus would
  one.takeBack();
  if (goesOn) (pickers.get(one.field)?.input || one.field).focus();
});
document.addEventListener("htmx:afterSwap", (event) => {
  const parts = event.detail.target.querySelectorAll("[data-fills]");
  parts.forEach((part) =>
    part.dataset.fills.split(" ").forEach((name) => {
      const one = filledOf(name);
      if (!one) return;
      if (part.dataset.unset) one.unset.add(part.dataset.unset);
      one.propose(part.querySelector(`[data-fill-in="${name}"]`)?.dataset.value || "");
    }),
  );
  // What is offered to be taken and stands in its field already is offered no more.
  parts.forEach((part) =>
    part.querySelectorAll("p > [data-fill]").forEach((taker) => {
      const one = filledFields.get(document.querySelector(taker.dataset.fill)?.name);
      taker.parentElement.hidden = one?.value === (taker.dataset.value || "1");
    }),
  );
});
document.addEventListener("DOMContentLoaded", () =>
  document.querySelectorAll("[data-may-fill]").forEach((form) => form.dataset.mayFill.split(" ").forEach(filledOf)),
);
