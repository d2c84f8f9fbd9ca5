// What pages need beside htmx and beside forms.js, pick.js and keys.js.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  enhancePickers(document);
  focusWhereToBegin(document);
  setTimeout(() => document.querySelectorAll(".toast-line:not(.error)").forEach((line) => line.remove()), 6000);
});
// A part that comes later takes the focus from nobody who has begun.
document.addEventListener("htmx:load", (event) => {
  enhancePickers(event.detail.elt);
  if (document.activeElement === document.body) focusWhereToBegin(event.detail.elt);
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-choose-all]")) return;
  document.querySelectorAll("input[form=many][name=number]").forEach((box) => (box.checked = event.target.checked));
});
document.addEventListener("DOMContentLoaded", () =>
  document.querySelectorAll("[data-gone-after]").forEach((part) => {
    setTimeout(() => part.remove(), part.dataset.goneAfter * 1000);
  }),
);

// What a telephone kept of a meeting's page (static/site-worker.js) is not for whoever signs in next.
if (document.getElementById("id_username") && "caches" in window) caches.delete("hotline-site");

// A board that renews itself keeps what was ticked.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "board") return;
  const ticked = [...document.querySelectorAll("#board input[name=key]:checked")].map((box) => box.value);
  event.detail.target.ownerDocument.addEventListener(
    "htmx:afterSettle",
    () => ticked.forEach((key) => {
      const box = document.querySelector(`#board input[name=key][value="${key}"]`);
      if (box) box.checked = true;
    }),
    { once: true },
  );
});
// What is wider than its place is scrolled by keyboard too, and says what it is.
function reachWideTables() {
  document.querySelectorAll(".sideways, .sheet-wrap").forEach((place) => {
    const name = place.closest("section, .panel, main").querySelector("h2, h1");
    const isWide = place.scrollWidth > place.clientWidth;
    place.toggleAttribute("tabindex", isWide);
    if (!isWide) return ["role", "aria-label"].forEach((attribute) => place.removeAttribute(attribute));
    place.tabIndex = 0;
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", name ? name.textContent.trim() : document.title);
  });
}
["DOMContentLoaded", "htmx:load"].forEach((moment) => document.addEventListener(moment, reachWideTables));
window.addEventListener("resize", reachWideTables);

document.addEventListener("click", (event) => {
  if (event.target.matches("[data-print]")) window.print();
});
