// An article of the knowledge base is taken as the answer: by its button, or by Alt and its number while one types.
"use strict";

function takeArticle(button) {
  const form = button.closest("form");
  const { answer, article, kind } = form.elements;
  answer.value = document.getElementById(button.dataset.answer).textContent.trim();
  article.value = button.dataset.article;
  if (!["consultation", "praise"].includes(kind.value)) {
    kind.value = "consultation"; // what is answered on the telephone is one; said beside the button
    kind.dispatchEvent(new Event("change", { bubbles: true }));
  }
  answer.dispatchEvent(new Event("input", { bubbles: true }));
  answer.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-answer]");
  if (button) takeArticle(button);
});

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || !/^Digit[1-3]$/.test(event.code)) return;
  const button = document.querySelectorAll("[data-answer]")[event.code.at(-1) - 1];
  if (!button) return;
  event.preventDefault();
  takeArticle(button);
});
