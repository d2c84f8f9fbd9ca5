// The desk while a call is on: the caller's name from an earlier call, and a number that stood in the address.
"use strict";

// A telephone system opens the page with the number in its address; it shall not stay in the browser's history.
if (location.search && location.pathname === "/desk/call") history.replaceState(history.state, "", "/tickets/new/");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "caller") return;
  const known = event.target.querySelector("[data-name]");
  const name = document.getElementById("id_caller_name");
  if (known && name && !name.value) {
    name.value = known.dataset.name;
    name.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
