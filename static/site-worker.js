// Keeps the page of a meeting on the phone, so that it opens again where there is no network. The network comes first.
// What a script asks for, such as the numbers beside doors, is true now or not at all, and is not kept.
"use strict";
const KEPT = "hotline-site";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || event.request.headers.get("Accept") === "application/json") return;
  event.respondWith(
    fetch(event.request)
      .then((answer) => {
        if (answer.ok && answer.type === "basic" && !answer.redirected) {
          const copy = answer.clone();
          event.waitUntil(caches.open(KEPT).then((kept) => kept.put(event.request, copy)));
        }
        return answer;
      })
      .catch(() => caches.match(event.request).then((kept) => kept || Response.error())),
  );
});
