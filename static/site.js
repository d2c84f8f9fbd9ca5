// The page on the spot: whatever is noted is kept on this phone first and sent when there is a network, in its order
// and once. The server knows each entry by its key, so sending again does no harm.
"use strict";

(() => {
  const site = document.querySelector("[data-site]");
  if (!site || !window.indexedDB) return;
  const say = site.dataset;
  const outbox = document.getElementById("outbox");
  const LARGEST_SIDE = 2000; // pixels of a photograph that is sent
  const SMALL_ENOUGH = 1.5e6; // bytes; what is larger is made smaller before it is sent
  const AGAIN_AFTER = 8000; // milliseconds between two tries without a network

  // -- what is kept on the phone ---------------------------------------------------------------------------------

  const opened = new Promise((resolve, reject) => {
    const request = indexedDB.open("hotline-site", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("entries", { keyPath: "order", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  async function store(mode, work) {
    const database = await opened;
    return new Promise((resolve, reject) => {
      const transaction = database.transaction("entries", mode);
      const request = work(transaction.objectStore("entries"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
    });
  }

  // Entries of whoever is signed in; another person's wait until that person is back.
  const waiting = async () => (await store("readonly", (s) => s.getAll())).filter((one) => one.who === say.who);
  const keep = (entry) => store("readwrite", (s) => s.put(entry));
  const drop = (order) => store("readwrite", (s) => s.delete(order));

  // -- sending -----------------------------------------------------------------------------------------------------

  let sending = false;
  let isSignedOut = false;

  async function flush() {
    if (sending) return;
    sending = true;
    let sent = 0;
    let reload = false;
    try {
      for (const entry of await waiting()) {
        if (entry.refused) continue;
        const outcome = await send(entry);
        isSignedOut = outcome === "signed out";
        if (outcome === "offline" || isSignedOut) break; // all of it waits: nothing is sent out of its order
        if (outcome === "kept") {
          await drop(entry.order);
          sent += 1;
          reload = reload || entry.site === say.site;
        } else {
          entry.refused = outcome;
          await keep(entry);
        }
      }
    } finally {
      sending = false;
    }
    await show();
    if (sent && reload && !isTyping()) location.reload();
  }

  async function send(entry) {
    const data = new FormData();
    for (const [name, value, filename] of entry.fields) {
      if (filename) data.append(name, value, filename);
      else data.append(name, value);
    }
    let answer;
    try {
      answer = await fetch(entry.address, {
        method: "POST",
        body: data,
        headers: { Accept: "application/json", "X-CSRFToken": token() },
      });
    } catch {
      return "offline";
    }
    const isJson = (answer.headers.get("Content-Type") || "").includes("json");
    if (answer.ok && isJson) return "kept";
    if (answer.status === 422 && isJson) return (await answer.json()).message;
    if (answer.status === 413) return say.sayLarge;
    if (answer.status >= 500) return "offline"; // the server is restarting: try again later
    return "signed out"; // the session has ended, or the page is older than the sign-in
  }

  const token = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const chosen = (select) => [...select.selectedOptions].map((option) => option.value).join();
  const began = new Map([...document.querySelectorAll("form[data-queue] select")].map((one) => [one, chosen(one)]));

  // Loading the page anew must not take away what somebody is typing, choosing or drawing.
  const isTyping = () =>
    [...document.querySelectorAll("form[data-queue]:not([data-kept])")].some(
      (form) =>
        form.querySelector("canvas[data-drawn]") ||
        [...form.elements].some((field) => {
          if (field.type === "hidden" || field.tagName === "BUTTON") return false;
          if (field.type === "file") return field.files.length > 0;
          if (field.tagName === "SELECT") return chosen(field) !== began.get(field);
          return field.value !== field.defaultValue;
        }),
    );

  // -- what waits is shown -----------------------------------------------------------------------------------------

  async function show() {
    const entries = await waiting();
    outbox.hidden = !entries.length;
    const list = document.createElement("ul");
    list.className = "body list-unstyled mb-0";
    for (const entry of entries) {
      const line = document.createElement("li");
      line.className = entry.refused ? "field-error" : "small";
      line.textContent = `${entry.label}：${entry.refused ? `${say.sayRefused}：${entry.refused}` : isSignedOut ? say.saySignIn : say.sayWaiting}`;
      if (entry.refused) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn btn-sm btn-link";
        button.textContent = say.sayDiscard;
        button.addEventListener("click", async () => {
          await drop(entry.order);
          await show();
        });
        line.append(button);
      }
      list.append(line);
    }
    outbox.replaceChildren(list);
  }

  function complain(form, text) {
    form.querySelector(".field-error.by-script")?.remove();
    if (!text) return;
    const line = document.createElement("div");
    line.className = "field-error by-script";
    line.setAttribute("role", "alert");
    line.textContent = text;
    form.append(line);
  }

  // -- noting ------------------------------------------------------------------------------------------------------

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-queue]")) return;
    event.preventDefault();
    event.stopPropagation();
    complain(form, "");
    if (!form.noValidate && !form.reportValidity()) return;
    const fields = [];
    for (const [name, value] of new FormData(form)) {
      if (name === "csrfmiddlewaretoken") continue;
      if (value instanceof File) {
        if (!value.size) continue;
        const photo = await prepared(value);
        if (typeof photo === "string") return complain(form, photo);
        fields.push([name, photo, value.name]);
      } else fields.push([name, value]);
    }
    if ("signature" in form.dataset) {
      const drawn = await signature(form.querySelector("canvas"));
      if (!drawn) return complain(form, say.sayEmptySignature);
      fields.push(["file", drawn, "signature.png"]);
    }
    fields.push(["key", crypto.randomUUID ? crypto.randomUUID() : uuid()], ["at", new Date().toISOString()]);
    const party = form.querySelector("select[name=participant]")?.selectedOptions[0]?.text;
    const label = [form.querySelector("button[type=submit]").textContent.trim(), form.closest(".party")?.dataset.party || party];
    await keep({ who: say.who, site: say.site, address: form.getAttribute("action"), fields, label: label.filter(Boolean).join(" ") });
    form.dataset.kept = "1"; // what it holds is safe; typing on makes it unsafe again
    form.addEventListener("input", () => delete form.dataset.kept, { once: true });
    if (form.querySelector("input[type=file], canvas")) form.reset();
    if ("signature" in form.dataset) clear(form.querySelector("canvas"));
    await show();
    await flush();
  });

  // crypto.randomUUID is for HTTPS only; inside an office network a page may come without.
  const uuid = () =>
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
      (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16),
    );

  // A photograph made small enough for a bad network; a text where it is none or too large.
  async function prepared(file) {
    if (!file.type.startsWith("image/")) return say.sayNoPicture;
    if (file.size <= SMALL_ENOUGH) return file;
    try {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, LARGEST_SIDE / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const smaller = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
      if (smaller && smaller.size < file.size) return new File([smaller], file.name, { type: "image/jpeg" });
    } catch {
      // Not to be read here: the server looks at it as it is.
    }
    return file.size > Number(say.limitMb) * 1024 * 1024 ? say.sayLarge : file;
  }

  // -- signing -----------------------------------------------------------------------------------------------------

  const clear = (canvas) => {
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    delete canvas.dataset.drawn;
  };
  const signature = (canvas) =>
    canvas.dataset.drawn ? new Promise((resolve) => canvas.toBlob(resolve, "image/png")) : null;

  document.querySelectorAll("canvas.signature").forEach((canvas) => {
    const pen = canvas.getContext("2d");
    pen.lineWidth = 4;
    pen.lineCap = "round";
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pen.beginPath();
      pen.moveTo(...place(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!event.buttons) return;
      pen.lineTo(...place(event));
      pen.stroke();
      canvas.dataset.drawn = "1";
    });
    canvas.closest("form").querySelector("[data-clear]").addEventListener("click", () => clear(canvas));
  });

  // -- beginning ---------------------------------------------------------------------------------------------------

  window.addEventListener("online", flush);
  setInterval(async () => (await waiting()).some((one) => !one.refused) && flush(), AGAIN_AFTER);
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(say.worker).catch(() => {});
  show().then(flush);
})();
