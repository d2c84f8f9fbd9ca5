// Files are sent with the form they belong to: several at once, chosen, dropped or pasted, with what has been sent of
// them; and the page stays until they have been taken in, so that a refused file or a lost network takes nothing away.
"use strict";

(() => {
  const size = (bytes) => (bytes < 100_000 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`);
  const boxIn = (form) => form?.querySelector("[data-files]");
  const inputOf = (box) => box.querySelector("input[type=file][name]");

  // -- choosing ----------------------------------------------------------------------------------------------------

  const chosen = new WeakMap(); // the files of each box: choosing again adds to them
  const shows = new WeakMap(); // of a picture, whether it shows the place before or after

  function choose(box, files, side = "") {
    files.forEach((file) => shows.set(file, side));
    const say = box.dataset;
    const all = [...(chosen.get(box) || []), ...files];
    const isTooLarge = (file) => file.size > Number(say.mostBytes);
    const said = (file) => say.sayLarge.replace("{name}", file.name).replace("{size}", size(file.size));
    const refused = all.filter(isTooLarge).map(said);
    const kept = all.filter((file) => !isTooLarge(file));
    if (kept.length > Number(say.mostFiles)) refused.push(say.sayMany);
    hold(box, kept.slice(0, Number(say.mostFiles)));
    show(box, refused);
  }

  function hold(box, files) {
    const carried = new DataTransfer();
    files.forEach((file) => carried.items.add(file));
    chosen.set(box, files);
    inputOf(box).files = carried.files;
  }

  function show(box, refused = []) {
    const list = box.querySelector("ul");
    list.replaceChildren(
      ...chosen.get(box).map((file, at) => {
        const line = document.createElement("li");
        line.textContent = `${file.name} (${size(file.size)}) `;
        if (file.type.startsWith("image/")) line.append(...sideOf(box, file));
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn btn-sm btn-link";
        button.textContent = box.dataset.sayRemove;
        button.setAttribute("aria-label", `${box.dataset.sayRemove} ${file.name}`);
        button.addEventListener("click", () => {
          hold(box, chosen.get(box).filter((_file, i) => i !== at));
          show(box);
          inputOf(box).focus();
        });
        line.append(button);
        return line;
      }),
      ...refused.map((text) => {
        const line = document.createElement("li");
        line.className = "field-error";
        line.setAttribute("role", "alert");
        line.textContent = text;
        return line;
      }),
    );
  }

  // What a picture shows is chosen beside its name, where the form asks for it; it has no name of its own: nothing typed.
  function sideOf(box, file) {
    const select = box.querySelector("[data-sides]")?.content.firstElementChild.cloneNode(true);
    if (!select) return [];
    select.value = shows.get(file) || "";
    select.setAttribute("aria-label", file.name);
    select.addEventListener("change", () => shows.set(file, select.value));
    return [select];
  }

  document.addEventListener("change", (event) => {
    const box = event.target.closest?.("[data-files]");
    if (!box || event.target.type !== "file") return;
    choose(box, [...event.target.files], event.target.dataset.take);
    if (event.target.dataset.take) event.target.value = "";
  });
  const offerCamera = () => document.querySelectorAll("[data-take-row]").forEach((row) => (row.hidden = false));
  ["DOMContentLoaded", "htmx:load"].forEach((moment) => document.addEventListener(moment, offerCamera));

  const boxNear = (target) => boxIn(target.closest?.("form")) || document.querySelector("[data-files]");
  const hasFiles = (data) => [...(data?.types || [])].includes("Files");
  // A file that is dropped beside the box would else be opened in place of the page.
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    boxNear(event.target)?.classList.add("dropping");
  });
  for (const kind of ["dragleave", "drop"])
    document.addEventListener(kind, () =>
      document.querySelectorAll(".dropping").forEach((box) => box.classList.remove("dropping")),
    );
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    const box = boxNear(event.target);
    if (box) choose(box, [...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])];
    const box = files.length ? boxNear(event.target) : null;
    if (!box || event.clipboardData.getData("text/plain")) return; // a copied cell is a text with a picture of it
    event.preventDefault();
    choose(box, files.map((file, at) => named(file, at, box)));
  });

  // Every pasted picture is called image.png: of several none could be told from the others.
  function named(file, at, box) {
    if (file.name !== "image.png") return file;
    const timeZone = document.getElementById("keep-words")?.dataset.zone; // the city's clock
    const time = new Date().toLocaleTimeString("en-GB", { timeZone }).replaceAll(":", "");
    return new File([file], `${box.dataset.sayPasted}-${time}${at || ""}.png`, { type: file.type });
  }

  // -- sending -----------------------------------------------------------------------------------------------------

  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const box = boxIn(form);
      if (!box || !chosen.get(box)?.length) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!form.dataset.sending) send(form, box, event.submitter);
    },
    true,
  );

  function send(form, box, submitter) {
    form.dataset.sending = "1";
    form.querySelector(".not-sent")?.remove();
    const request = new XMLHttpRequest();
    const progress = shownProgress(box, request);
    const ended = () => {
      delete form.dataset.sending;
      progress.remove();
    };
    const failed = (text) => {
      ended();
      window.keeping.notSent(form);
      window.keeping.complain(form, text);
    };
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress.advance(event.loaded / event.total);
    });
    request.addEventListener("error", () => failed(box.dataset.sayOffline));
    request.addEventListener("abort", () => failed(box.dataset.sayStopped));
    request.addEventListener("load", async () => {
      const address = request.getResponseHeader("X-Location");
      if (!address) {
        ended();
        window.keeping.notSent(form);
        refused(form, box, request);
        return;
      }
      await window.keeping.taken(form);
      ended();
      arrive(form, box, address);
    });
    request.open("POST", form.getAttribute("action") || location.href);
    request.setRequestHeader("X-Sent-By", "script");
    const data = new FormData(form);
    if (submitter?.name) data.append(submitter.name, submitter.value);
    for (const file of chosen.get(box)) data.append("shows", shows.get(file) || "");
    request.send(data);
  }

  function shownProgress(box, request) {
    const line = document.createElement("div");
    line.className = "sending";
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", box.dataset.saySending);
    const share = document.createElement("span");
    const stop = document.createElement("button");
    stop.type = "button";
    stop.className = "btn btn-sm btn-link";
    stop.textContent = box.dataset.sayStop;
    stop.addEventListener("click", () => request.abort());
    line.append(bar, share, stop);
    line.advance = (part) => {
      bar.value = part;
      share.textContent = `${Math.floor(part * 100)}%`;
    };
    box.append(line);
    return line;
  }

  // It was taken in. A box of its own beside other forms only shows the new list; nothing else is loaded anew.
  async function arrive(form, box, address) {
    const list = form.closest("[data-attachments]");
    const isHere = new URL(address, location.href).pathname === location.pathname;
    if (list && isHere) {
      const page = await pageAt(address);
      const fresh = page?.querySelector("[data-attachments]");
      if (fresh) {
        hold(box, []);
        list.replaceWith(fresh);
        announce(page);
        return;
      }
    }
    location.assign(address);
  }

  async function pageAt(address) {
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      return answer.ok ? parsed(await answer.text()) : null;
    } catch {
      return null;
    }
  }

  const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
  const announce = (page) => {
    const said = page.querySelector(".toasts")?.children || [];
    document.querySelector(".toasts")?.replaceChildren(...said);
  };

  // It was refused: the form comes back with what is wrong with it, and keeps its files.
  function refused(form, box, request) {
    if (request.status === 413) return window.keeping.complain(form, box.dataset.sayTooMuch);
    const page = parsed(request.responseText);
    const action = form.getAttribute("action");
    const fresh = [...page.querySelectorAll("main form")].find((one) => boxIn(one) && one.getAttribute("action") === action);
    if (fresh) {
      const files = chosen.get(box);
      document.adoptNode(fresh);
      form.replaceWith(fresh);
      announce(page);
      window.htmx?.process(fresh);
      fresh.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: fresh } }));
      const again = boxIn(fresh);
      hold(again, files);
      show(again);
      fresh.querySelector(".is-invalid, .files.refused input, .field-error")?.scrollIntoView({ block: "center" });
      return;
    }
    window.keeping.complain(form, page.querySelector("main p")?.textContent || box.dataset.sayOffline);
    const signIn = page.querySelector("a[href*='/sign-in/']");
    if (!signIn) return;
    const link = document.createElement("a");
    link.href = signIn.getAttribute("href");
    link.target = "_blank";
    link.textContent = ` ${signIn.textContent.trim()}`;
    form.querySelector(".not-sent").append(link);
  }
})();
