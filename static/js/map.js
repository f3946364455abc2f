// Sets the large map going when the reader asks for it, and htmx when the reader turns to the filters. Until then the
// page is what the server drew: on a slow line nobody pays for a map that nobody moves.

const figure = () => document.getElementById("map");
let live = null;

async function begin(link) {
  const host = figure();
  const button = host.querySelector(".map-start");
  button.disabled = true;
  try {
    const { open } = await import(host.dataset.explorer);
    live ??= await open(figure());
  } catch {
    button.disabled = false;
    if (link) location.assign(link.href);
    return;
  }
  live.follow(link);
  if (link !== undefined) live.element.focus({ preventScroll: true });
  sessionStorage.setItem("map-moves", "1");
}

// For each figure that the page gets: the first one, and one more whenever the filters change.
function prepare() {
  const host = figure();
  if (!host || host === live?.host) return;
  if (live) {
    live.adopt(host);
    return;
  }
  const button = host.querySelector(".map-start");
  if (!button) return; // the view by province does not move
  button.hidden = false;
  button.addEventListener("click", () => begin(null));
  host.querySelector(".map-stage").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const { href, pathname, searchParams } = new URL(link.getAttribute("href"), location.href);
    if (pathname !== location.pathname || !(link.dataset.zoom || searchParams.has("bbox"))) return;
    event.preventDefault();
    begin({ href, zoom: Number(link.dataset.zoom ?? 0), bbox: searchParams.get("bbox") });
  });
  if (sessionStorage.getItem("map-moves")) begin();
}

// ── The list in step ───────────────────────────────────────────────────────────────────────────────────────────────

// A row of the list marks its place on the map, and a place its row: while one has the pointer, or the focus.
const chosen = { pointer: "", focus: "" };

function keepInStep({ target, type }) {
  const key = type.endsWith("out") ? "" : (target.closest?.(".map-columns [data-mark]")?.dataset.mark ?? "");
  chosen[type.startsWith("focus") ? "focus" : "pointer"] = key;
  for (const node of document.querySelectorAll(".map-columns [data-mark]")) {
    const { mark } = node.dataset;
    node.classList.toggle("is-marked", mark === chosen.pointer || mark === chosen.focus);
    if (mark === key && node.checkVisibility()) showRow(node, target);
  }
}

// Scrolls the list, not the page, to the row of a mark.
function showRow(row, mark) {
  const list = row.closest("#places");
  if (!list || list.contains(mark) || list.scrollHeight <= list.clientHeight) return;
  list.scrollTop += row.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientHeight / 3;
}

for (const turn of ["pointerover", "pointerout", "focusin", "focusout"]) document.addEventListener(turn, keepInStep);

// ── Filters ────────────────────────────────────────────────────────────────────────────────────────────────────────

const source = document.querySelector("script[data-htmx]").dataset.htmx;
let loading = null;

function loadHtmx() {
  loading ??= new Promise((resolve) => {
    const load = () =>
      document.head.append(Object.assign(document.createElement("script"), { src: source, onload: resolve }));
    if (document.readyState === "complete") load();
    else addEventListener("load", load, { once: true }); // htmx begins by itself only in a page that is complete
  });
  return loading;
}

for (const turn of ["pointerover", "focusin"])
  document.addEventListener(turn, ({ target }) => target.closest?.("#list form, .chips") && loadHtmx());

// A choice that was made before htmx came.
document.addEventListener("change", async ({ target }) => {
  const form = target.closest?.("#list form");
  if (!form || window.htmx) return;
  await loadHtmx();
  window.htmx.trigger(form, "change");
});

document.addEventListener("htmx:afterSettle", prepare);
prepare();
