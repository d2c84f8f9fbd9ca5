// What somebody types is kept until it has been taken in: on this computer, under a key that only they are given.
// It survives a session that ends, a page that is closed, a network that is lost and a browser that dies; signing out
// makes it unreadable (hotline/drafts.py says how). Pages work without this; then leaving only asks.
"use strict";

(() => {
  const words = document.getElementById("keep-words")?.dataset;
  const who = words?.person; // whoever is signed in; empty where nobody is
  const KEPT_FOR = 7 * 24 * 3600 * 1000; // milliseconds, as long as the server keeps its part of the key
  const MOST_OFFERED = 3; // drafts of one form
  const PAUSE = 250; // milliseconds without a key pressed before it is written down
  const INTERRUPTED = "keep:interrupted"; // this tab has been signed out, or could not send: what was typed comes back
  const SENDING = "keep:sending"; // the form that was sent from this tab last
  const FAILED = "keep:failed"; // the form that was sent last and not taken in
  const TYPING = "keep:typing"; // something has been typed in this tab that has not been taken in

  // -- which forms, and what stands in them ------------------------------------------------------------------------

  // What is searched for is nothing that is handed in; what a page carries along was typed in another form.
  const SEARCHES = '[role=search], [action="/find/"], [data-carries]';
  const NOT_TYPED = ["hidden", "submit", "button", "file", "password", "image", "reset", "fieldset", "output"];
  const typed = (form) =>
    [...form.elements].filter(
      (field) =>
        field.name && form.contains(field) && (!NOT_TYPED.includes(field.type) || field.matches("[data-typed-for]")),
    );
  const isText = (field) => !["checkbox", "radio", "hidden"].includes(field.type);
  const isKept = (form) =>
    form.method === "post" &&
    !form.matches(SEARCHES) &&
    !form.querySelector("input[type=password], input[autocomplete=one-time-code]") && // secrets are not written down
    typed(form).some(isText);

  function read(form) {
    const values = {};
    for (const field of typed(form)) {
      const list = (values[field.name] ??= []);
      if (field.type === "checkbox" || field.type === "radio") {
        if (field.checked) list.push(field.value);
      } else if (field.tagName === "SELECT") list.push(...[...field.selectedOptions].map((option) => option.value));
      else list.push(field.value);
    }
    return values;
  }

  function write(form, values) {
    // What was typed into a picker and fits nothing comes after what was chosen in it, which would take it away.
    const fields = typed(form).sort((a, b) => a.matches("[data-typed-for]") - b.matches("[data-typed-for]"));
    for (const field of fields) {
      const list = values[field.name];
      if (!list) continue;
      const was = JSON.stringify(read(form)[field.name]);
      if (field.type === "checkbox" || field.type === "radio") field.checked = list.includes(field.value);
      else if (field.tagName === "SELECT") for (const option of field.options) option.selected = list.includes(option.value);
      else {
        const same = typed(form).filter((other) => other.name === field.name);
        field.value = list[same.indexOf(field)] ?? field.value;
      }
      if (JSON.stringify(read(form)[field.name]) === was) continue;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
      field.dispatchEvent(new Event("pick:refresh")); // static/hotline.js shows in its box what is chosen
    }
  }

  const began = new WeakMap(); // what stood in a form when it came
  const isRefused = (form) => form.querySelector(".field-error:not([hidden]), .is-invalid") !== null;
  const isChanged = (form) => JSON.stringify(read(form)) !== began.get(form);
  const sent = new WeakSet(); // forms that are on their way: leaving the page is what was wanted
  const isUnsaved = (form) =>
    began.has(form) && !sent.has(form) && (isChanged(form) || (isRefused(form) && Boolean(form.dataset.touched)));
  const unsaved = (root = document) => [...root.querySelectorAll("form")].filter(isUnsaved);

  // Two calls that are typed on one page are two: such a form is known by its key, any other by where it stands.
  const isOneOfMany = (form) => "eachItsOwn" in form.dataset;
  const keyOf = (form) => form.elements.form_key?.value || "";
  const hidden = (form, name) => (form.elements[name]?.type === "hidden" ? form.elements[name].value : "");
  function place(form) {
    const address = new URL(form.getAttribute("action") || location.pathname, location.href).pathname;
    return [location.pathname + location.search, address, hidden(form, "kind"), hidden(form, "participant")].join(" ");
  }

  // -- the key -----------------------------------------------------------------------------------------------------

  const tokenNow = () =>
    document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/)?.[1] ||
    document.querySelector("[name=csrfmiddlewaretoken]")?.value ||
    "";

  // Who is signed in now, with the key of what they type; null where nobody is, undefined where nobody can be asked.
  async function ask() {
    try {
      const answer = await fetch("/drafts/key/", {
        method: "POST",
        headers: { "X-CSRFToken": tokenNow(), Accept: "application/json" },
      });
      if (answer.status === 401) return null;
      return answer.ok ? await answer.json() : undefined;
    } catch {
      return undefined;
    }
  }

  let vault; // a promise of the key
  const canAsk = () => Boolean(who && words);
  const canKeep = () => Boolean(canAsk() && window.crypto?.subtle && window.indexedDB);
  function open() {
    vault ??= (async () => {
      const told = canKeep() ? await ask() : null;
      if (told === undefined) vault = undefined; // no network just now: the next key pressed asks again
      if (!told || told.person !== who) return null;
      const bytes = Uint8Array.from(atob(told.key), (letter) => letter.charCodeAt(0));
      return { bytes, key: await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]) };
    })();
    return vault;
  }

  async function idOf(form) {
    const { bytes } = await open();
    const text = new TextEncoder().encode((isOneOfMany(form) && keyOf(form)) || place(form));
    const digest = await crypto.subtle.digest("SHA-256", new Uint8Array([...bytes, ...text]));
    return [...new Uint8Array(digest)].slice(0, 16).map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // -- the disk ----------------------------------------------------------------------------------------------------

  const opened = () =>
    new Promise((resolve, reject) => {
      const request = indexedDB.open("hotline-drafts", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("drafts", { keyPath: "id" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  let database;
  async function store(mode, work) {
    database ??= opened();
    const transaction = (await database).transaction("drafts", mode, { durability: "strict" });
    const request = work(transaction.objectStore("drafts"));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }
  const drop = (id) => store("readwrite", (drafts) => drafts.delete(id));

  async function keep(form) {
    const at = Date.now();
    const locked = await open();
    if (!locked) return;
    const id = await idOf(form);
    if (!isChanged(form) && !isRefused(form)) return drop(id);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const draft = { place: place(form), key: keyOf(form), values: read(form) };
    const text = new TextEncoder().encode(JSON.stringify(draft));
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, locked.key, text);
    await store("readwrite", (drafts) => drafts.put({ id, who, at, iv, data }));
    form.dataset.draft = id;
    hold(id);
  }

  // What this person has on this computer, the newest first. What can no longer be read is thrown away.
  async function all() {
    const locked = await open();
    if (!locked) return [];
    const found = [];
    for (const one of await store("readonly", (drafts) => drafts.getAll())) {
      if (one.at < Date.now() - KEPT_FOR) await drop(one.id);
      else if (one.who === who) {
        try {
          const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: one.iv }, locked.key, one.data);
          found.push({ id: one.id, at: one.at, ...JSON.parse(new TextDecoder().decode(text)) });
        } catch {
          await drop(one.id);
        }
      }
    }
    return found.sort((a, b) => b.at - a.at);
  }

  async function forgetMine() {
    if (!window.indexedDB) return;
    for (const one of await store("readonly", (drafts) => drafts.getAll())) if (one.who === who) await drop(one.id);
  }

  // A form that is open in another tab is being typed in there: what it keeps is not offered here.
  const held = new Map(); // with what lets each go
  function hold(id) {
    if (held.has(id) || !navigator.locks) return;
    held.set(id, () => {});
    const untilFreed = (lock) => lock && new Promise((free) => held.set(id, free));
    navigator.locks.request(`draft-${id}`, { ifAvailable: true }, untilFreed);
  }
  window.addEventListener("pagehide", () => {
    for (const free of held.values()) free(); // a page that holds a lock could not be kept alive for "Back"
    held.clear();
  });
  const openElsewhere = async () =>
    new Set(navigator.locks ? (await navigator.locks.query()).held.map((lock) => lock.name.slice("draft-".length)) : []);

  // -- while typing ------------------------------------------------------------------------------------------------

  const pending = new Map();
  function later(form) {
    sessionStorage.setItem(TYPING, "1");
    clearTimeout(pending.get(form));
    pending.set(form, setTimeout(() => now(form), PAUSE));
  }
  async function now(form) {
    clearTimeout(pending.get(form));
    pending.delete(form);
    await keep(form).catch(() => {}); // a full or forbidden disk of a desk is no reason to stop anybody typing
  }
  for (const kind of ["input", "change"])
    document.addEventListener(kind, (event) => {
      const form = event.target.form;
      if (!form || !began.has(form)) return;
      form.dataset.touched = "1";
      sent.delete(form);
      later(form);
    });

  window.addEventListener("beforeunload", (event) => {
    if (unsaved().length) event.preventDefault();
  });

  // A part of a page that htmx brings must not take away the form somebody is typing in.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    if (xhr.status === 401) {
      event.detail.shouldSwap = true; // it says that one has been signed out
      event.detail.isError = false;
      event.detail.swapOverride = "innerHTML";
    }
    if (unsaved().some((form) => target.contains(form))) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = tokenNow();
  });

  // -- sending -----------------------------------------------------------------------------------------------------

  const tokenThen = tokenNow(); // it changes when somebody signs in, in whichever tab

  function complain(form, text) {
    let line = form.querySelector(".not-sent");
    if (!line) {
      line = document.createElement("div");
      line.className = "field-error not-sent mb-2";
      line.setAttribute("role", "alert");
      form.prepend(line);
    }
    line.textContent = text;
    line.scrollIntoView({ block: "nearest" });
  }

  // Somebody has signed in since this page came: its token is made new for the same person, and refused to another.
  async function mayBeSent(form) {
    if (tokenNow() === tokenThen) return true;
    const told = await ask();
    if (told && told.person !== who) {
      complain(form, words.other);
      return false;
    }
    const field = form.elements.csrfmiddlewaretoken;
    if (field) field.value = tokenNow();
    return true;
  }

  const SIGN_OUT = "[data-sign-out], #logout-form"; // ours, and the set-up's
  const within = (work, limit) => Promise.race([work.catch(() => {}), new Promise((resolve) => setTimeout(resolve, limit))]);
  function stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  window.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (form.method !== "post" || !canAsk()) return;
      if (form.matches(SIGN_OUT)) forgetAndSignOut(event, form);
      else if (form.matches("[data-queue]")) handOver(form);
      else if (form.dataset.ready) goesOut(form);
      else if (began.has(form) && navigator.onLine === false) holdBack(event, form);
      else if (pending.has(form) || tokenNow() !== tokenThen) sendOnceKept(event, form);
      else goesOut(form);
    },
    true,
  );

  // From here on leaving the page is what is wanted; the next page tells whether it was taken in.
  function goesOut(form) {
    delete form.dataset.ready;
    if (began.has(form)) sessionStorage.setItem(SENDING, form.dataset.draft || "");
    else if (form.closest("[data-interrupted]")) sessionStorage.setItem(SENDING, sessionStorage.getItem(FAILED) || "");
    sent.add(form);
  }

  async function holdBack(event, form) {
    stop(event);
    await now(form);
    complain(form, words.offline);
  }

  async function sendOnceKept(event, form) {
    stop(event);
    if (form.dataset.checking) return;
    form.dataset.checking = "1";
    if (began.has(form)) await within(now(form), 2000);
    const goes = await mayBeSent(form);
    delete form.dataset.checking;
    if (!goes) return;
    form.dataset.ready = "1";
    form.requestSubmit(event.submitter);
  }

  // On the spot static/site.js keeps what is noted until it has been sent.
  function handOver(form) {
    sent.add(form);
    if (form.dataset.draft) drop(form.dataset.draft).catch(() => {});
  }

  async function forgetAndSignOut(event, form) {
    if (form.dataset.ready) return;
    stop(event);
    if (unsaved().length && !window.confirm(words.leave)) return;
    document.querySelectorAll("form").forEach((one) => sent.add(one));
    sessionStorage.removeItem(TYPING);
    await within(forgetMine(), 1000);
    form.dataset.ready = "1";
    form.requestSubmit(event.submitter);
  }

  // It has been taken in: nothing of it is kept any longer.
  async function taken(id) {
    for (const flag of [SENDING, FAILED, INTERRUPTED, TYPING]) sessionStorage.removeItem(flag);
    if (id) await drop(id);
  }

  // Sending has ended in another page than the form: what was kept of it has been taken in. A page that says otherwise,
  // or a sign-in page in its place, leaves it kept.
  async function settle() {
    const id = sessionStorage.getItem(SENDING);
    if (id === null) return;
    sessionStorage.removeItem(SENDING);
    if (!who || document.querySelector("[data-interrupted]")) {
      sessionStorage.setItem(FAILED, id);
      sessionStorage.setItem(INTERRUPTED, "1");
      return;
    }
    const arrived = performance.getEntriesByType("navigation")[0];
    if (arrived?.redirectCount > 0 && !document.querySelector(".toast-line.error")) await taken(id);
  }

  // -- what comes back ---------------------------------------------------------------------------------------------

  // As everywhere on our pages: by the city's clock, wherever this computer believes to be.
  const TO_THE_MINUTE = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  function moment(at) {
    const clock = new Intl.DateTimeFormat("en", { ...TO_THE_MINUTE, timeZone: words.zone });
    const shows = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]));
    return `${shows.month}-${shows.day} ${shows.hour}:${shows.minute}`;
  }
  const longest = (texts) => texts.reduce((best, text) => (text.length > best.length ? text : best), "");
  // What was written, and no choice: its value means nothing to anybody.
  const isWritten = (form, name) =>
    typed(form).some((field) => field.name === name && !field.matches("select, [type=checkbox], [type=radio]"));
  const beginning = (form, draft) =>
    longest(
      Object.entries(draft.values)
        .filter(([name]) => isWritten(form, name))
        .map(([, list]) => list.join(" ").trim()),
    ).slice(0, 30);

  function say(form, draft, text, buttons) {
    const line = document.createElement("div");
    line.className = "draft-line";
    line.setAttribute("role", "status");
    const said = document.createElement("span");
    said.textContent = text.replace("{when}", moment(draft.at)).replace("{text}", beginning(form, draft));
    line.append(said);
    for (const [label, deed] of buttons) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm btn-outline-primary";
      button.textContent = label;
      button.addEventListener("click", async () => {
        line.remove();
        await deed();
      });
      line.append(button);
    }
    form.prepend(line);
  }

  async function bringBack(form, draft) {
    if (draft.key && form.elements.form_key) form.elements.form_key.value = draft.key;
    write(form, draft.values);
    form.dataset.touched = "1";
    await now(form);
    if (form.dataset.draft !== draft.id) await drop(draft.id);
  }

  async function offer(forms) {
    if (!forms.length || !canKeep()) return;
    const wasInterrupted = sessionStorage.getItem(INTERRUPTED) !== null;
    const [drafts, elsewhere] = [await all(), await openElsewhere()];
    for (const form of forms) {
      form.dataset.draft = await idOf(form);
      const stands = JSON.stringify(read(form));
      const isOffered = (draft) =>
        draft.place === place(form) && !elsewhere.has(draft.id) && JSON.stringify(draft.values) !== stands;
      const mine = isRefused(form) || isChanged(form) ? [] : drafts.filter(isOffered).slice(0, MOST_OFFERED);
      if (wasInterrupted && mine.length) await bringBackUnasked(form, mine.shift());
      for (const draft of mine.reverse())
        say(form, draft, words.offer, [[words.take, () => bringBack(form, draft)], [words.discard, () => drop(draft.id)]]);
    }
  }

  async function bringBackUnasked(form, draft) {
    sessionStorage.removeItem(INTERRUPTED);
    const before = read(form);
    await bringBack(form, draft);
    const undo = async () => {
      write(form, before);
      await now(form);
    };
    say(form, draft, words.back, [[words.discard, undo]]);
  }

  // The forms of a page, or of a part of one, that are kept from now on.
  function begin(root) {
    const forms = root.matches?.("form") ? [root] : [...root.querySelectorAll("form")];
    const fresh = forms.filter((form) => canAsk() && !began.has(form) && isKept(form));
    for (const form of fresh) {
      began.set(form, JSON.stringify(read(form)));
      form.autocomplete = "off"; // else the browser itself keeps what is typed, on the disk in clear
      if (isRefused(form)) form.dataset.touched = "1";
    }
    return fresh;
  }

  document.addEventListener("DOMContentLoaded", async () => {
    if (!who && sessionStorage.getItem(TYPING)) sessionStorage.setItem(INTERRUPTED, "1");
    const forms = begin(document);
    await settle().catch(() => {});
    await offer(forms).catch(() => {});
  });
  document.addEventListener("htmx:load", (event) => offer(begin(event.detail.elt)).catch(() => {}));

  // For static/upload.js, which sends a form with files without leaving the page.
  window.keeping = {
    complain,
    notSent: (form) => sent.delete(form),
    taken: (form) => taken(form.dataset.draft).catch(() => {}),
  };
})();
