// Numbers beside doors and tabs: how much waits there. One request asks for all of them once the page stands, and again
// every few seconds while it is looked at. Whoever has been signed out, or has no network, is left in peace.
"use strict";

const NUMBERS_EVERY = 10_000; // milliseconds; what happened is seen within fifteen seconds
const FORGOTTEN_AFTER = 2; // requests without an answer: what was true then may be so no longer
let numbersTimer = 0;
let unanswered = 0;

function numberOf({ shown, label }) {
  const number = document.createElement("span");
  number.className = "number";
  number.title = label;
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = ` ${label} `;
  number.append(words, shown);
  return number;
}

function showNumbers(doors) {
  for (const place of document.querySelectorAll("[data-numbers]")) {
    const [door, tab] = place.dataset.numbers.split("/");
    const parts = (doors[door] || []).filter(({ part, shown }) => shown && (!tab || part === tab));
    const text = parts.map(({ part, shown }) => `${part} ${shown}`).join();
    if (place.dataset.shows === text) continue;
    place.dataset.shows = text;
    place.replaceChildren(...parts.map(numberOf));
  }
}

async function askForNumbers() {
  clearTimeout(numbersTimer);
  if (document.hidden) return;
  try {
    const { numbersAt } = document.body.dataset;
    const answer = await fetch(numbersAt, { headers: { Accept: "application/json", "X-Poll": "1" }, cache: "no-store" });
    if (answer.status === 401 || answer.status === 403) return showNumbers({}); // signed out: the next deed says it
    if (!answer.ok) throw new Error(answer.status);
    showNumbers(await answer.json());
    unanswered = 0;
  } catch {
    unanswered += 1;
    if (unanswered >= FORGOTTEN_AFTER) showNumbers({});
  }
  clearTimeout(numbersTimer);
  numbersTimer = setTimeout(askForNumbers, NUMBERS_EVERY);
}

document.addEventListener("DOMContentLoaded", () => {
  if (!document.querySelector("[data-numbers]")) return;
  askForNumbers();
  document.addEventListener("visibilitychange", askForNumbers);
});
