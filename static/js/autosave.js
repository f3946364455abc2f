// Keeps what an editor types in the browser until it has been saved, and offers it back after a lost session, a lost
// connection or a closed window. Nothing of it leaves the browser, and it is offered to the same account only.

const TEMPLATE = document.querySelector("#autosave");
const WORDS = TEMPLATE.dataset;
const FORM = TEMPLATE.closest("form");
// These storage keys stay as they are: browsers of editors hold unsaved text under them.
const PLACE = `kept-text:${WORDS.account}:${location.pathname}${WORDS.part ? `:${WORDS.part}` : ""}`;
const SENT = "kept-text:sent"; // the place of the form that was sent last
const IGNORED = /^(csrfmiddlewaretoken|_.*|.*-(INITIAL|MIN_NUM|MAX_NUM)_FORMS)$/;

function fields() {
  return [...FORM.elements].filter((field) => field.name && !IGNORED.test(field.name) && field.type !== "file");
}

function stateOf(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked;
  // A choice that is fetched by script is not there after a reload: its words are kept with it.
  if (field.tagName === "SELECT") return [...field.selectedOptions].map((option) => [option.value, option.text]);
  return field.value;
}

function all() {
  const values = {};
  for (const field of fields()) {
    // Of a table of stored values, only what was typed: another editor may change the rest meanwhile.
    if (field.dataset.stored !== undefined && field.value.trim() === field.dataset.stored) continue;
    const key = field.type === "radio" || field.type === "checkbox" ? `${field.name}=${field.value}` : field.name;
    values[key] = stateOf(field);
  }
  return values;
}

const opened = JSON.stringify(all());

function keep() {
  const now = JSON.stringify(all());
  if (now === opened) return;
  try {
    localStorage.setItem(PLACE, JSON.stringify({ time: new Date().toISOString(), values: JSON.parse(now) }));
  } catch {
    // The browser keeps nothing: the form works without.
  }
}

function addRows(values) {
  for (const [name, total] of Object.entries(values)) {
    const match = /^(.*)-TOTAL_FORMS$/.exec(name);
    if (!match) continue;
    const counter = FORM.elements[name];
    const more = document.querySelector(`#${CSS.escape(match[1])}-group .add-row a`);
    for (let missing = total - counter.value; more && missing > 0; missing -= 1) more.click();
  }
}

function putBack(values) {
  addRows(values);
  for (const field of fields()) {
    const key = field.type === "radio" || field.type === "checkbox" ? `${field.name}=${field.value}` : field.name;
    if (!(key in values) || field.name.endsWith("-TOTAL_FORMS")) continue;
    const value = values[key];
    const part = field.closest("details");
    if (part && JSON.stringify(value) !== JSON.stringify(stateOf(field))) part.open = true;
    if (field.type === "checkbox" || field.type === "radio") {
      field.checked = value;
    } else if (field.tagName === "SELECT") {
      for (const [chosen, text] of value) {
        if (![...field.options].some((option) => option.value === chosen)) field.add(new Option(text, chosen));
      }
      const chosen = new Set(value.map(([one]) => one));
      for (const option of field.options) option.selected = chosen.has(option.value);
    } else {
      field.value = value;
    }
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function offer(kept) {
  const box = document.createElement("div");
  box.className = "autosave";
  box.setAttribute("role", "status");
  const words = document.createElement("p");
  words.textContent = WORDS.offer.replace("{time}", new Date(kept.time).toLocaleString(document.documentElement.lang));
  box.append(words);
  for (const [text, act] of [
    [WORDS.putBack, () => putBack(kept.values)],
    [WORDS.throwAway, () => localStorage.removeItem(PLACE)],
  ]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => {
      act();
      box.remove();
    });
    box.append(button, " ");
  }
  FORM.before(box);
}

if (FORM) {
  const kept = JSON.parse(localStorage.getItem(PLACE) || "null");
  // A form that came back with a question or an error holds the text already.
  const cameBack = WORDS.cameBack || FORM.querySelector(".errornote");
  if (kept && JSON.stringify(kept.values) !== opened && !cameBack) offer(kept);
  let timer;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 800);
  };
  FORM.addEventListener("input", soon);
  FORM.addEventListener("change", soon);
  addEventListener("pagehide", keep);
  FORM.addEventListener("submit", () => {
    keep();
    sessionStorage.setItem(SENT, PLACE);
  });
}
