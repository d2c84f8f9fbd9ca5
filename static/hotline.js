// What pages need beside htmx: a box that finds an option while typing, keys, and a guard against double posts.
"use strict";

// A long <select data-pick> becomes a text box over it; the select stays in the form and carries the value.
function enhance(select) {
  if (select.dataset.picked) return;
  select.dataset.picked = "1";
  const box = document.createElement("div");
  box.className = "pick";
  const input = document.createElement("input");
  input.type = "text";
  input.className = select.classList.contains("is-invalid") ? "form-control is-invalid" : "form-control";
  input.autocomplete = "off";
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-expanded", "false");
  input.id = select.id + "-pick";
  input.placeholder = select.options[0] && !select.options[0].value ? select.options[0].text : "";
  const label = document.querySelector(`label[for="${select.id}"]`);
  if (label) label.htmlFor = input.id;
  const list = document.createElement("ul");
  list.setAttribute("role", "listbox");
  list.hidden = true;
  const chips = document.createElement("div");
  chips.className = "chips";
  select.before(box);
  box.append(chips, input, list, select);
  select.hidden = true;
  select.tabIndex = -1;
  const options = [...select.options]
    .filter((o) => o.value)
    .map((o) => ({
      value: o.value,
      text: o.text.trim(),
      group: o.parentElement.tagName === "OPTGROUP" ? o.parentElement.label : "",
    }));
  let shown = [],
    at = 0;
  const taken = () => [...select.selectedOptions].filter((o) => o.value);
  const show = () => {
    if (!select.multiple) {
      input.value = taken()
        .map((o) => o.text.trim())
        .join("");
      return;
    }
    input.value = "";
    chips.replaceChildren(
      ...taken().map((o) => {
        const chip = document.createElement("button");
        chip.type = "button";
        chip.className = "chip";
        chip.textContent = o.text.trim() + " ×";
        chip.addEventListener("click", () => {
          o.selected = false;
          show();
        });
        return chip;
      }),
    );
  };
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
  };
  const mark = () =>
    [...list.children].forEach((li, i) => {
      li.setAttribute("aria-selected", i === at);
      if (i === at) li.scrollIntoView({ block: "nearest" });
    });
  const open = (words) => {
    const parts = words.trim().split(/\s+/).filter(Boolean);
    const left = select.multiple ? options.filter((o) => !taken().some((t) => t.value === o.value)) : options;
    shown = left.filter((o) => parts.every((p) => (o.text + o.group).includes(p))).slice(0, 60);
    at = 0;
    list.replaceChildren(
      ...shown.map((o) => {
        const li = document.createElement("li");
        li.setAttribute("role", "option");
        li.textContent = o.text;
        if (o.group) {
          const small = document.createElement("small");
          small.textContent = " " + o.group;
          li.append(small);
        }
        li.addEventListener("mousedown", (event) => {
          event.preventDefault();
          choose(o);
        });
        return li;
      }),
    );
    list.hidden = !shown.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark();
  };
  const choose = (o) => {
    if (select.multiple) {
      if (o) [...select.options].find((option) => option.value === o.value).selected = true;
    } else select.value = o ? o.value : "";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    show();
    close();
  };
  input.addEventListener("focus", () => {
    input.select();
    open("");
  });
  input.addEventListener("input", () => open(input.value));
  input.addEventListener("blur", () => {
    if (!select.multiple && !input.value.trim()) {
      if (select.value) choose(null);
    } else show();
    close();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      if (list.hidden) open(input.value);
      else {
        at = Math.min(at + 1, shown.length - 1);
        mark();
      }
    } else if (event.key === "ArrowUp") {
      event.preventDefault();
      at = Math.max(at - 1, 0);
      mark();
    } else if (event.key === "Enter" && !list.hidden && shown[at]) {
      event.preventDefault();
      choose(shown[at]);
    } else if (event.key === "Escape") {
      show();
      close();
    }
  });
  select.addEventListener("pick:refresh", show);
  show();
}

function ready(root) {
  root.querySelectorAll("select[data-pick]").forEach(enhance);
  const first = root.querySelector("[data-focus]");
  if (first) first.focus();
}

document.addEventListener("DOMContentLoaded", () => {
  ready(document);
  setTimeout(() => document.querySelectorAll(".toast-line:not(.error)").forEach((line) => line.remove()), 6000);
});
document.addEventListener("htmx:load", (event) => ready(event.detail.elt));

// One post a form: a second click on a slow network would send it twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => {
    delete form.dataset.sent;
  }, 8000);
});
window.addEventListener("pageshow", () =>
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent),
);

// "/" finds, Ctrl+Enter sends the form one is in, "n" records a new call.
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest("form");
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
  } else if (!typing && event.key === "/") {
    const find = document.querySelector("form.find input");
    if (find) {
      event.preventDefault();
      find.focus();
    }
  } else if (!typing && event.key === "n" && !event.ctrlKey && !event.metaKey) {
    const door = document.querySelector("a[data-door=new-ticket]");
    if (door) door.click();
  }
});

// A suggestion that is taken fills the field it is about.
document.addEventListener("click", (event) => {
  const taker = event.target.closest("[data-fill]");
  if (!taker) return;
  const field = document.querySelector(taker.dataset.fill);
  if (!field) return;
  field.value = taker.dataset.value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  field.dispatchEvent(new Event("pick:refresh"));
});

// A list that is worked by keys: j and k move from row to row, x chooses, o opens; a letter in data-key presses that.
document.addEventListener("keydown", (event) => {
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox") return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (!document.getElementById("many")) return;
  const rows = [...document.querySelectorAll("table.sheet tbody tr")];
  const at = rows.findIndex((row) => row.classList.contains("here"));
  const go = (to) => {
    if (rows[at]) rows[at].classList.remove("here");
    rows[to].classList.add("here");
    sessionStorage.setItem("row", to);
    rows[to].scrollIntoView({ block: "nearest" });
  };
  if (event.key === "j") go(Math.min(at + 1, rows.length - 1));
  else if (event.key === "k") go(Math.max(at - 1, 0));
  else if (rows[at] && event.key === "x") rows[at].querySelector("input[name=number]").click();
  else if (rows[at] && event.key === "l") {
    const like = rows[at].querySelector("input[name=number]").dataset.like;
    document.querySelectorAll(`input[name=number][data-like="${like}"]`).forEach((box) => (box.checked = true));
  } else if (rows[at] && event.key === "o") rows[at].querySelector("a").click();
  else if (rows[at] && event.key === "d") rows[at].querySelector("[data-key=d]")?.click();
  else if (rows[at] && event.key === "a") rows[at].querySelector("a.btn").click();
});
document.addEventListener("DOMContentLoaded", () => {
  // Back from a dispatch the same place of the list is worked on.
  const rows = document.getElementById("many") ? document.querySelectorAll("table.sheet tbody tr") : [];
  const row = rows[Math.min(Number(sessionStorage.getItem("row") ?? -1), rows.length - 1)];
  if (row) row.classList.add("here");
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
document.addEventListener("click", (event) => {
  if (event.target.matches("[data-print]")) window.print();
});
