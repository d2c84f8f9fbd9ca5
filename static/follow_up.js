// The follow-up desk by keyboard: the questions one after the other, each answered by one key; what comes of it is
// proposed. What asks for what stands in the form (tickets/following_up/pages.py); without this all questions are shown.
"use strict";

(() => {
  const form = document.getElementById("follow-up");
  if (!form) return;
  const rules = JSON.parse(form.dataset.rules);
  const CLOSE = "follow_up";
  const REDO = "redo";
  const MISSED = "miss_follow_up";
  const place = (name) => form.querySelector(`[data-question="${name}"]`);
  const chosen = (name) => place(name).querySelector("input:checked");
  const value = (name) => chosen(name)?.value ?? "";
  const again = form.querySelector("[data-again]");
  const note = form.elements.note;
  const button = form.querySelector("button[type=submit]");
  let isByHand = Boolean(chosen("outcome")); // the outcome is the caller's own choice, and no longer proposed

  // -- which questions are asked ------------------------------------------------------------------------------------

  const asks = (rule) =>
    Object.entries(rule).some(([name, values]) => chosen(name) && values.includes(value(name)));
  const isMissed = () => value("outcome") === MISSED;

  function asked() {
    if (isMissed()) return ["outcome", "why"];
    const names = ["contacted", "solved", "satisfaction"];
    if (asks(rules.cause)) names.push("cause");
    names.push("outcome");
    if (value("outcome") === CLOSE && asks(rules.reason)) names.push("closing_reason");
    return names;
  }

  function show(part, isShown) {
    part.hidden = !isShown;
    for (const field of part.querySelectorAll("input")) field.disabled = !isShown || "closed" in field.dataset;
  }

  function propose() {
    const isTold = ["contacted", "solved", "satisfaction"].every(chosen);
    const proposed = isTold && !isMissed() ? (asks(rules.redo) ? REDO : CLOSE) : null;
    const option = proposed && place("outcome").querySelector(`input[value="${proposed}"]`);
    if (option && !option.disabled && !isByHand) option.checked = true;
    const mark = place("outcome").querySelector("[data-proposal]");
    mark.hidden = !option;
    if (option) {
      mark.textContent = mark.dataset.says;
      option.closest("label").append(mark);
    }
  }

  function refresh() {
    propose();
    const names = asked();
    for (const question of form.querySelectorAll("[data-question]"))
      show(question, names.includes(question.dataset.question));
    const wasHidden = again.hidden;
    show(again, isMissed() && value("why") === "later");
    const when = form.elements.again_at;
    // Only as it appears: while somebody types, a half typed time is an empty one, and is not to be typed over.
    if (wasHidden && !again.hidden && !when.value) when.value = when.dataset.usual;
    note.required = isMissed() ? false : value("outcome") === REDO;
    const now = current();
    for (const question of form.querySelectorAll("[data-question]"))
      question.classList.toggle("now", question.dataset.question === now);
  }

  // -- going from one to the next -----------------------------------------------------------------------------------

  // The question that a key answers: where the focus is, else the first without an answer, else what comes of it.
  function current() {
    const here = document.activeElement?.closest("[data-question]")?.dataset.question;
    const names = asked();
    if (names.includes(here)) return here;
    return names.find((name) => !chosen(name)) ?? "outcome";
  }

  const isOther = () => ["cause", "closing_reason", "why"].some((name) => !place(name).hidden && value(name) === "other");

  function focusOn(name) {
    (chosen(name) ?? place(name).querySelector("input:not(:disabled)")).focus();
  }

  // After the last answer: what is still to be written, else the button.
  function end() {
    if (!again.hidden) form.elements.again_at.focus();
    else if (note.required || isOther()) note.focus();
    else button.focus();
  }

  function goOn(from) {
    const names = asked();
    const rest = names.slice(names.indexOf(from) + 1);
    const isPlain = !isMissed() && !asks(rules.redo) && !asks(rules.reason); // what is proposed need only be recorded
    const next = rest.find((name) => (name === "outcome" ? !isPlain && !isMissed() : !chosen(name)));
    const left = names.find((name) => name !== "outcome" && !chosen(name)); // passed over, as after a call that was missed
    if (next ?? left) focusOn(next ?? left);
    else end();
    refresh();
  }

  function choose(option) {
    option.checked = true;
    option.dispatchEvent(new Event("change", { bubbles: true }));
    goOn(option.name);
  }

  function notReached() {
    choose(place("outcome").querySelector(`input[value="${MISSED}"]`));
  }

  // -- keys and clicks ----------------------------------------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isComposing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!/^\d$/.test(event.key) || takesText(event.target) || isFocusLost()) return;
    const option = place(current()).querySelector(`[data-key="${event.key}"]:not(:disabled)`);
    if (!option) return;
    event.preventDefault();
    if (option.matches("[data-not-reached]")) notReached();
    else choose(option);
  });

  form.querySelector("[data-not-reached]").hidden = false;
  form.querySelector("[data-not-reached]").addEventListener("click", notReached);
  form.addEventListener("change", (event) => {
    if (event.target.name === "outcome") isByHand = true;
    refresh();
  });
  form.addEventListener("focusin", refresh);
  // A click goes on as a key does; the arrow keys, which choose too, stay where they are.
  form.addEventListener("click", (event) => {
    if (event.detail > 0 && event.target.matches("input[type=radio]")) goOn(event.target.name);
  });
  refresh();
})();
