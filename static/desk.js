// The desk while a call is on: the caller's name from an earlier call, and a number that stood in the address.
"use strict";

// A telephone system opens the page with the number in its address; it shall not stay in the browser's history. What stays
// there is the key of the form: by it the server has the call again after Forward, Back or Reload, until it is recorded.
const FORM = "/tickets/new/";
if (location.search && location.pathname === "/desk/call") {
  const key = document.querySelector("#call [name=form_key]")?.value;
  history.replaceState({ ...history.state, call: key }, "", FORM);
} else if (location.pathname === FORM && !location.search && history.state?.call) {
  const isAnswer = document.querySelector("#call[data-unsaved]"); // a form that was refused has its number
  const [arrived] = performance.getEntriesByType("navigation");
  if (!isAnswer && ["back_forward", "reload"].includes(arrived?.type))
    location.replace(`/desk/call?again=${encodeURIComponent(history.state.call)}`);
}
// A page that was kept alive shows who calls as it was before the call was passed on.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.getElementById("id_caller_phone")?.dispatchEvent(new Event("input", { bubbles: true }));
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "caller") return;
  const known = event.target.querySelector("[data-name]");
  const name = document.getElementById("id_caller_name");
  if (known && name && !name.value) {
    name.value = known.dataset.name;
    name.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

// A call with two concerns: the second one's words go into a field of their own, and back.
const restOf = () => ({ words: document.getElementById("id_description"), rest: document.getElementById("id_rest") });

function put(field, text) {
  field.value = text;
  for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
}

// The box is seen where it holds something; then the key leads back, since nothing is left to split.
function showRest() {
  const box = document.getElementById("rest");
  if (!box) return;
  const isThere = Boolean(restOf().rest.value);
  if (isThere === box.hidden) box.hidden = !isThere;
  const back = box.querySelector("[data-join]");
  if (isThere) back.setAttribute("aria-keyshortcuts", "Alt+S");
  else back.removeAttribute("aria-keyshortcuts");
}

document.addEventListener("click", (event) => {
  const split = event.target.closest("[data-split]");
  const join = event.target.closest("[data-join]");
  if (!split && !join) return;
  const { words, rest } = restOf();
  const asSplit = [words.value, rest.value].join("\n") === words.dataset.parts;
  const joined = asSplit ? words.dataset.whole : `${words.value}${rest.value}`;
  if (split) {
    words.dataset.whole = words.value; // with the 另外 between the two
    words.dataset.parts = [split.dataset.first, split.dataset.second].join("\n");
  }
  put(rest, split ? split.dataset.second : "");
  put(words, split ? split.dataset.first : joined);
  showRest();
  words.focus();
});
document.addEventListener("input", (event) => {
  if (event.target.id === "id_rest" && event.target !== document.activeElement) showRest();
});
document.addEventListener("DOMContentLoaded", showRest);

// How long the call took to record: from the first key, or from the opening of a form that a call opened, until it is
// sent. Nobody's work is measured by a form that stands open and waits.
(() => {
  const form = document.getElementById("call");
  const seconds = form?.elements.form_seconds;
  if (!seconds) return;
  const before = Number(seconds.value) || 0; // of a form that came back
  const isOpenedByCall = Boolean(form.elements.call_id.value || form.elements.called_back.value);
  let began = isOpenedByCall || seconds.value ? performance.now() : null;
  form.addEventListener("input", (event) => {
    if (event.isTrusted) began ??= performance.now();
  });
  window.addEventListener("submit", (event) => {
    if (event.target !== form) return;
    seconds.value = began === null ? "" : Math.round(before + (performance.now() - began) / 1000);
  }, true);
})();
