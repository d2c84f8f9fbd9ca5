// Choosing by typing: a long <select data-pick> becomes a text box with a list under it. The select stays in the form
// and carries the value; text that was typed and chose nothing stays to be seen, is told, and is never sent as if it
// had not been typed. An option is found by any part of its text, by its further words, and by pinyin or initials; what
// no option has is asked of the address in data-find, where there is one. hotline/picking.py is the other half.
"use strict";

const MOST_SHOWN = 60; // options; further ones are found by typing on
const pickers = new WeakMap(); // by select

const SHORTHAND = 5; // from this rank on: what is only called so for short, shown where nothing else fits
const ASKED_AFTER = 250; // milliseconds without a key

// Whether letters stand for these syllables from one of them on, each whole or by its beginning: zyrm, zaoyinrm.
function isHeard(typed, syllables, at) {
  if (!typed) return true;
  const one = syllables[at];
  if (!one) return false;
  for (let length = Math.min(one.length, typed.length); length > 0; length--) {
    if (typed.startsWith(one.slice(0, length)) && isHeard(typed.slice(length), syllables, at + 1)) return true;
  }
  return false;
}

// Over how many letters of a name one is spread that it is called by for short, as 城管 for 城市管理执法局 and 住建局
// for 住房和城乡建设局; Infinity where it is not called so.
function spread(typed, name) {
  if (!/^\p{Script=Han}{2,}$/u.test(typed)) return Infinity;
  let at = -1;
  const isIn = [...typed].every((letter) => (at = name.indexOf(letter, at + 1)) >= 0);
  return isIn ? at - name.indexOf(typed[0]) : Infinity;
}

const isSpelt = (typed, syllables) =>
  typed === syllables.join("") || typed === syllables.map((one) => one[0]).join("");

// Text as it is compared: neither width nor case matters.
const folded = (text) => text.normalize("NFKC").toLowerCase().trim();

function made(tag, attributes) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

class Picker {
  constructor(select) {
    this.select = select;
    this.options = [...select.options]
      .filter((option) => option.value)
      .map((option, index) => ({
        option, index, text: option.text.trim(), group: option.parentElement.label || "",
        words: folded(option.dataset.words || ""),
        sounds: (option.dataset.sounds || "").split(";").filter(Boolean).map((run) => run.split(" ")),
      }));
    this.asked = ""; // what the server was asked, and what it found
    this.places = [];
    this.build();
    this.listen();
    this.show();
    if (!select.dataset.typed) return;
    this.note(select.dataset.typed); // the page came back refused and says so itself
    this.show();
  }

  // -- its parts --

  build() {
    const { select } = this;
    const id = select.id || select.name;
    this.input = made("input", {
      type: "text", id: `${id}-pick`, class: "form-control pick-text", autocomplete: "off", role: "combobox",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-list`,
    });
    // A list that scrolls would take the focus on Tab; it is looked at, never entered.
    this.list = made("ul", { id: `${id}-list`, role: "listbox", tabindex: "-1" });
    this.list.hidden = true;
    this.chips = made("div", { class: "chips" });
    this.words = made("div", { class: "field-error", id: `${id}-typed-error`, role: "alert" });
    this.words.hidden = true;
    this.none = made("div", { class: "muted small", role: "status" }); // while one types; on leaving `words` say it
    this.typed = made("input", { type: "hidden", name: `${select.name}-typed`, "data-typed-for": select.name });
    if (select.hasAttribute("form")) this.typed.setAttribute("form", select.getAttribute("form"));
    this.typed.disabled = true;
    const empty = [...select.options].find((option) => !option.value);
    this.input.placeholder = (empty && empty.text) || select.dataset.sayType || "";
    this.nameIt();
    const box = made("div", { class: "pick" });
    select.before(box);
    box.append(this.chips, this.input, this.list, this.none, this.words, this.typed, select);
    select.hidden = true;
    select.tabIndex = -1;
    if (select.required) this.input.setAttribute("aria-required", "true");
    select.required = false; // the browser could not show where: the server says it
  }

  // The label, the help and the faults of the select are those of the box.
  nameIt() {
    const { select, input, list } = this;
    const [label] = select.labels;
    if (label) {
      label.htmlFor = input.id;
      label.id ||= `${select.id}-label`;
      list.setAttribute("aria-labelledby", label.id);
    } else if (select.hasAttribute("aria-label"))
      [input, list].forEach((part) => part.setAttribute("aria-label", select.getAttribute("aria-label")));
    this.described = select.getAttribute("aria-describedby") || "";
    if (select.hasAttribute("data-focus")) input.setAttribute("data-focus", "1");
    select.removeAttribute("data-focus");
    this.isRefused = select.getAttribute("aria-invalid") === "true";
    this.fault = document.getElementById(`${select.id}_error`); // what the server said of it
    this.markFault();
  }

  listen() {
    const { input, list, select } = this;
    input.addEventListener("input", (event) => this.onType(event.isComposing));
    input.addEventListener("compositionend", () => this.onType(false));
    input.addEventListener("keydown", (event) => this.onKey(event));
    input.addEventListener("click", () => {
      if (!list.hidden || this.typed.value) return;
      input.select();
      this.open("");
    });
    input.addEventListener("focus", () => {
      if (!this.typed.value) input.select(); // what is typed takes the place of the choice
    });
    input.addEventListener("blur", () => {
      this.close();
      if (document.activeElement !== input) this.settle(); // else only the window was left
    });
    list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the focus stays in the box
      const row = event.target.closest("[role=option]");
      if (row) this.choose(this.shown.find((one) => String(one.index) === row.dataset.index));
    });
    select.addEventListener("change", () => {
      this.isRefused = false;
      this.forget();
    });
    this.typed.addEventListener("change", () => this.keep(this.typed.value)); // a draft that is laid back into the form
    select.form?.addEventListener("reset", () => setTimeout(() => this.forget()));
  }

  // -- what is chosen and what is typed --

  taken() {
    return [...this.select.selectedOptions].filter((option) => option.value);
  }

  // What the box says where nothing is being typed: the choice; of several the chips say it.
  label() {
    return this.select.multiple ? "" : this.taken().map((option) => option.text.trim()).join("");
  }

  show() {
    this.input.value = this.typed.value || this.label();
    if (!this.select.multiple) return;
    const chips = this.taken().map((option) => {
      const chip = made("button", { type: "button", class: "chip" });
      chip.textContent = `${option.text.trim()} ×`;
      chip.addEventListener("click", () => {
        option.selected = false;
        this.input.focus(); // the chip goes, and with it the focus would
        this.changed();
      });
      return chip;
    });
    this.chips.replaceChildren(...chips);
  }

  // Typed text that is no choice yet goes along with the form, so that a page that comes back shows it.
  note(text) {
    this.typed.value = text;
    this.typed.disabled = !text;
  }

  keep(text) {
    this.note(text);
    this.show();
    this.settle();
  }

  forget() {
    this.note("");
    this.tell("");
    this.show();
  }

  choose(one) {
    if (!one) this.select.value = "";
    else if (this.select.multiple) one.option.selected = true;
    else this.select.value = one.option.value;
    this.close();
    this.changed();
  }

  changed() {
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Makes a choice of what is typed, if exactly one option is meant; else says why not. True where nothing is open.
  settle() {
    const text = this.input.value.trim();
    if (text === this.label()) {
      this.note("");
      this.tell("");
      return true;
    }
    if (!text) {
      this.choose(null);
      return true;
    }
    const found = this.meant(text);
    if (found.length === 1) {
      this.choose(found[0]);
      return true;
    }
    this.note(text);
    this.tell(found.length ? this.select.dataset.saySeveral : this.select.dataset.sayNone, text);
    return false;
  }

  // -- finding --

  // The options that fit, those whose own name does before those that are found by what stands above or beside it.
  fitting(text) {
    const parts = folded(text).split(/\s+/).filter(Boolean);
    const ranked = this.options.map((one) => ({ one, rank: Math.max(0, ...parts.map((part) => this.rank(one, part))) }));
    const isOnlyShort = ranked.every(({ rank }) => rank >= SHORTHAND);
    const most = isOnlyShort ? Infinity : SHORTHAND;
    const found = ranked.filter(({ rank }) => rank < most).sort((a, b) => a.rank - b.rank).map(({ one }) => one);
    return found.length || folded(text) !== this.asked ? found : this.places;
  }

  rank(one, part) {
    const at = folded(one.text + one.group).indexOf(part);
    if (at >= 0) return at < one.text.split(" — ")[0].length ? 0 : 2;
    if (/^[a-z]+$/.test(part)) {
      if (one.sounds[0] && isSpelt(part, one.sounds[0])) return 0;
      const run = one.sounds.findIndex((syllables) => syllables.some((_, begin) => isHeard(part, syllables, begin)));
      if (run >= 0) return run ? 3 : 1;
    }
    if (one.words.includes(part)) return one.words.split(" ").includes(part) ? 3 : 4;
    return SHORTHAND + spread(part, folded(one.text.split(" — ")[0]));
  }

  // What no option has may be the name of something in one of them: it is asked for when the hands rest.
  ask(text) {
    clearTimeout(this.asking);
    const { find } = this.select.dataset;
    if (!find || folded(text).length < 2 || this.fitting(text).length) return;
    this.asking = setTimeout(async () => {
      const found = await this.found(find, text);
      if (this.input.value.trim() !== text) return;
      this.asked = folded(text);
      this.places = found.map(({ value, text: name, group }, index) => ({
        option: [...this.select.options].find((option) => option.value === String(value)), text: name, group,
        index: this.options.length + index, sounds: [], words: "",
      })).filter(({ option }) => option);
      if (document.activeElement === this.input) this.open(text);
      else this.settle();
    }, ASKED_AFTER);
  }

  async found(address, typed) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";
    const body = new URLSearchParams({ typed, csrfmiddlewaretoken: token });
    try {
      const answer = await fetch(address, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
      return answer.ok ? (await answer.json()).found : [];
    } catch {
      return []; // without the network the options alone are there
    }
  }

  // A name that is typed whole means that one, though it may be part of others' names.
  meant(text) {
    const name = folded(text);
    const fitting = this.fitting(text);
    if (fitting.length && fitting === this.places) return this.meantPlaces(fitting, name);
    const spelt = /^[a-z]+$/.test(name) ? fitting.filter((one) => one.sounds[0] && isSpelt(name, one.sounds[0])) : [];
    if (spelt.length) return spelt;
    const whole = fitting.filter(({ text: own }) => folded(own) === name || folded(own).startsWith(`${name} `) ||
      folded(own).startsWith(`${name}(`));
    return whole.length ? whole : fitting;
  }

  // Places in one region mean that one, however many they are; a name typed whole is meant before those it is part of.
  meantPlaces(places, name) {
    const whole = places.filter(({ text }) => folded(text) === name);
    const meant = whole.length ? whole : places;
    return meant.every(({ option }) => option === meant[0].option) ? meant.slice(0, 1) : meant;
  }

  // -- the list --

  open(text) {
    const taken = this.select.multiple ? this.taken() : [];
    this.shown = this.fitting(text).filter((one) => !taken.includes(one.option)).slice(0, MOST_SHOWN);
    this.at = text.trim() ? 0 : -1; // Enter chooses only what was looked for
    this.list.replaceChildren(...this.shown.map((one) => this.row(one)));
    this.list.hidden = !this.shown.length;
    const isNone = !this.shown.length && !this.fitting(text).length;
    this.none.textContent = text.trim() && isNone ? (this.select.dataset.sayNone || "").replace("%(text)s", text) : "";
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark();
  }

  row(one) {
    const row = made("li", { role: "option", id: `${this.list.id}-${one.index}`, "data-index": one.index });
    row.textContent = one.text;
    if (one.group) {
      const group = made("small", {});
      group.textContent = ` ${one.group}`;
      row.append(group);
    }
    return row;
  }

  mark() {
    const rows = [...this.list.children];
    rows.forEach((row, index) => row.setAttribute("aria-selected", String(index === this.at)));
    const row = this.list.hidden ? null : rows[this.at];
    if (row) {
      this.input.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  move(by) {
    if (this.list.hidden) return this.open(this.typed.value);
    this.at = Math.min(Math.max(this.at + by, 0), this.shown.length - 1);
    this.mark();
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  // -- hands --

  onType(isUnfinished) {
    const text = this.input.value.trim();
    this.note(text === this.label() ? "" : text);
    this.tell("");
    if (isUnfinished) return;
    this.open(text);
    this.ask(text);
  }

  onKey(event) {
    if (isComposing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !this.list.hidden && this.shown[this.at]) {
      event.preventDefault();
      this.choose(this.shown[this.at]);
    } else if (event.key === "Enter" && !this.settle()) {
      event.preventDefault();
    } else if (event.key === "Escape" && (!this.list.hidden || this.typed.value)) {
      event.preventDefault();
      this.forget();
      this.close();
    }
  }

  // -- words --

  tell(words, text = "") {
    this.none.textContent = "";
    this.words.hidden = !words;
    this.words.textContent = (words || "").replace("%(text)s", text);
    this.markFault();
  }

  markFault() {
    const { input, words } = this;
    const isFaulty = this.isRefused || !words.hidden;
    if (this.fault) this.fault.hidden = !this.isRefused || !words.hidden;
    input.classList.toggle("is-invalid", isFaulty);
    input.setAttribute("aria-invalid", String(isFaulty));
    const told = words.hidden ? this.described : `${this.described} ${words.id}`.trim();
    if (told) input.setAttribute("aria-describedby", told);
    else input.removeAttribute("aria-describedby");
  }
}

function enhancePickers(root) {
  root.querySelectorAll("select[data-pick]").forEach((select) => {
    if (!pickers.has(select)) pickers.set(select, new Picker(select));
  });
}

const pickersOf = (form) => [...form.elements].map((field) => pickers.get(field)).filter(Boolean);

// Before anything else hears of a form that is sent (static/keep.js would take it for gone): what is typed in its boxes
// must be a choice.
window.addEventListener(
  "submit",
  (event) => {
    const open = pickersOf(event.target).filter((picker) => !picker.settle());
    if (!open.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    open[0].input.focus();
  },
  true,
);

// A page that the browser brings back may have put other choices into the selects.
window.addEventListener("pageshow", () =>
  document.querySelectorAll("select[data-pick]").forEach((select) => pickers.get(select)?.show()),
);

// A suggestion that is taken fills the field it is about, and typing goes on there; by its key it goes on where it was.
document.addEventListener("click", (event) => {
  const taker = event.target.closest("[data-fill]");
  const field = taker && document.querySelector(taker.dataset.fill);
  if (!field) return;
  if (field.type === "checkbox") field.checked = true;
  else field.value = taker.dataset.value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  const other = taker.dataset.fillAlso && document.querySelector(taker.dataset.fillAlso);
  if (other) {
    other.value = taker.dataset.also;
    for (const kind of ["input", "change"]) other.dispatchEvent(new Event(kind, { bubbles: true }));
  }
  if (document.activeElement === taker) (pickers.get(field)?.input || field).focus();
});
