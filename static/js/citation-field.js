// Under each text that carries marks: a field that finds sources and puts their marks into the text, and the text as
// readers will get it, anew while one types.

import { combobox } from "./combobox.js";

const WAIT = 500; // milliseconds without a key before the preview is made anew
const WORDS = document.querySelector("#citing").dataset;
const FORM = document.querySelector("#citing").closest("form");

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function labelOf(text) {
  return text.labels[0].textContent.replace(/:\s*$/, "");
}

// Where the writer was last, with a space before unless a mark or a space stands there.
function insert(text, key) {
  const place = text.selectionEnd;
  const before = text.value.slice(0, place);
  text.setRangeText(`${before && !/[\s\]]$/.test(before) ? " " : ""}[${key}]`, place, place, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
}

function picker(text) {
  const field = element("input", { type: "text", className: "vTextField", autocomplete: "off" });
  field.setAttribute("aria-label", `${WORDS.cite}: ${labelOf(text)}`);
  field.placeholder = WORDS.citePlaceholder;
  // Enter chooses, and does not send the whole form.
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) event.preventDefault();
  });
  const box = element("div", { className: "prose-picker" }, field);
  combobox(field, {
    async fetched(asked, signal) {
      const response = await fetch(`${WORDS.citeAddress}?${new URLSearchParams({ q: asked })}`, { signal });
      return response.ok ? (await response.json()).suggestions : null;
    },
    shown(option, source) {
      option.append(
        element("span", { textContent: source.name, lang: source.language }),
        " ",
        element("small", { textContent: [source.about, source.key, source.state].filter(Boolean).join(" · ") }),
      );
    },
    taken(source) {
      field.value = "";
      insert(text, source.key);
    },
  });
  return box;
}

function preview(text) {
  const place = element("div", { className: "prose-preview", id: `preview-${text.name}`, hidden: true });
  place.setAttribute("role", "region");
  place.setAttribute("aria-label", `${WORDS.preview}: ${labelOf(text)}`);
  const button = element("button", { type: "button", className: "button", textContent: WORDS.preview });
  button.setAttribute("aria-controls", place.id);
  button.setAttribute("aria-expanded", "false");
  let timer, asking;

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    const body = new FormData();
    body.set("csrfmiddlewaretoken", FORM.elements.csrfmiddlewaretoken.value);
    body.set("field", text.name);
    body.set("language", text.lang);
    body.set("text", text.value);
    try {
      const response = await fetch(WORDS.previewAddress, { method: "POST", body, signal: asking.signal });
      if (response.ok || response.status === 400) place.innerHTML = await response.text();
      else place.textContent = WORDS.failed;
    } catch (error) {
      if (error.name !== "AbortError") place.textContent = WORDS.failed;
    }
    // A button of a form sends it, and a link leaves it, unless they say that they do not.
    for (const term of place.querySelectorAll("button")) term.type = "button";
    for (const link of place.querySelectorAll("a:not([href^='#'])")) link.target = "_blank";
  }

  button.addEventListener("click", () => {
    place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", String(!place.hidden));
    if (!place.hidden) ask();
  });
  for (const moment of ["input", "change"]) {
    text.addEventListener(moment, () => {
      clearTimeout(timer);
      if (!place.hidden) timer = setTimeout(ask, WAIT);
    });
  }
  return [button, place];
}

for (const text of FORM.querySelectorAll("textarea[data-marks]")) {
  const [button, place] = preview(text);
  const tools = element("div", { className: "prose-tools" }, picker(text), button);
  if (WORDS.addAddress) {
    const add = element("a", { href: WORDS.addAddress, target: "_blank", rel: "noopener", textContent: WORDS.add });
    add.title = WORDS.addTitle;
    tools.append(add);
  }
  text.closest(".flex-container").after(tools, place);
}
