// Languages side by side: which are shown, kept in the browser, and how many texts stand in each, while one types.

const BOX = document.querySelector("#languages");
const FORM = BOX.closest("form");
const CHOICE = BOX.querySelector("select");
const KEPT = "languages-shown";
const CODES = [...BOX.querySelectorAll("[data-language]")].map((mark) => mark.dataset.language);
const OF_LANGUAGE = new RegExp(`^field-\\w+_(${CODES.join("|")})$`);

// ── Which are shown ──

// The boxes that hold one text in one language: a row of its own, or a part of a row.
function boxes() {
  const found = [];
  for (const box of FORM.querySelectorAll(".fieldBox, .form-row:not(:has(> .form-multiline))")) {
    const name = [...box.classList].find((word) => OF_LANGUAGE.test(word));
    if (name) found.push([box.matches(".fieldBox") ? box.parentElement : box, OF_LANGUAGE.exec(name)[1]]);
  }
  return found;
}

function show() {
  const shown = CHOICE.value.split(" ");
  for (const [box, code] of boxes()) box.hidden = !shown.includes(code);
}

function showAll() {
  CHOICE.selectedIndex = 0;
  show();
}

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // the browser keeps nothing
  }
}

for (const choice of [kept(), BOX.dataset.preselected]) {
  if (choice && [...CHOICE.options].some((option) => option.value === choice)) {
    CHOICE.value = choice;
    break;
  }
}
CHOICE.parentElement.hidden = false;
show();
// What is wrong, or what a link leads to, is never hidden.
if (boxes().some(([box]) => box.hidden && box.querySelector(".errorlist"))) showAll();
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  const target = link && document.getElementById(link.hash.slice(1));
  if (target?.closest("[hidden]")) showAll();
});
CHOICE.addEventListener("change", () => {
  show();
  try {
    localStorage.setItem(KEPT, CHOICE.value);
  } catch {
    // As above: it holds for this page.
  }
});

// ── How many texts stand in each ──

function count() {
  const texts = new Map(); // name -> whether readers need it, the languages it stands in
  const text = (name) => texts.get(name) ?? texts.set(name, { required: false, written: new Set() }).get(name);
  const parts = (column) => [column.slice(0, column.lastIndexOf("_")), column.slice(column.lastIndexOf("_") + 1)];
  for (const field of FORM.querySelectorAll("[data-text]")) {
    const row = field.closest(".inline-related");
    if (field.name.includes("__prefix__") || row?.querySelector("[name$='-DELETE']")?.checked) continue;
    const [name, code] = parts(field.name);
    if (field.dataset.text === "required") text(name).required = true;
    if (field.value.trim()) text(name).written.add(code);
  }
  for (const column of BOX.dataset.fixed.split(" ").filter(Boolean)) {
    const [name, code] = parts(column);
    text(name).written.add(code);
  }
  const counted = [...texts.values()].filter(({ required, written }) => required || written.size);
  for (const mark of BOX.querySelectorAll("[data-language]")) {
    const written = counted.filter((one) => one.written.has(mark.dataset.language)).length;
    const words = BOX.dataset.of.replace("{written}", written).replace("{all}", counted.length);
    if (mark.textContent !== words) mark.textContent = words;
    mark.parentElement.classList.toggle("complete", written > 0 && written === counted.length);
  }
}

for (const moment of ["input", "change"]) FORM.addEventListener(moment, count);
for (const moment of ["formset:added", "formset:removed"]) {
  document.addEventListener(moment, () => {
    show();
    count();
  });
}
