// While a name or an address is typed: the records that may be the same one, above the form.

const WAIT = 600; // milliseconds without a key before the server is asked
const PLACE = document.querySelector("#duplicate-check");
const FORM = PLACE.closest("form");
const COLUMNS = PLACE.dataset.columns.split(" ");

let timer, asking;

function listed(box) {
  return [...box.querySelectorAll("[name=_look_alike]")].map((field) => field.value).join();
}

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const body = new FormData();
  body.set("csrfmiddlewaretoken", FORM.elements.csrfmiddlewaretoken.value);
  body.set("pk", PLACE.dataset.pk);
  for (const column of COLUMNS) if (FORM.elements[column]) body.set(column, FORM.elements[column].value);
  try {
    const response = await fetch(PLACE.dataset.address, { method: "POST", body, signal: asking.signal });
    if (!response.ok) return; // the form asks again when it is saved
    const found = document.createElement("div");
    found.innerHTML = await response.text();
    // The same records again: a tick that says “another one” stays.
    if (listed(found) !== listed(PLACE)) PLACE.replaceChildren(...found.childNodes);
  } catch (error) {
    if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error; // no network: as above
  }
}

FORM.addEventListener("input", (event) => {
  if (!COLUMNS.includes(event.target.name)) return;
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT);
});
