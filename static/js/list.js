// Keeps a reader's place in a list that htmx refreshes: open parts of the filters stay open, and so does the filter panel
// on a phone; the keyboard focus stays on the same control, or goes to the number of results if that control is gone.

let before = null;

const parts = (list) => [...list.querySelectorAll(".filters details")];
const nameOf = (part) => part.closest("fieldset")?.querySelector("legend").textContent ?? "";

document.addEventListener("htmx:beforeSwap", ({ target }) => {
  if (target.id !== "list") return;
  const focused = document.activeElement;
  before = {
    open: parts(target)
      .filter((part) => part.open)
      .map(nameOf),
    panel: target.querySelector("#filters-switch").checked,
    focused: target.contains(focused) ? focused.id : null,
  };
});

document.addEventListener("htmx:afterSettle", () => {
  const list = document.getElementById("list");
  if (!before || !list) return;
  const { open, panel, focused } = before;
  before = null;
  for (const part of parts(list)) part.open ||= open.includes(nameOf(part));
  list.querySelector("#filters-switch").checked = panel;
  if (focused === null || list.contains(document.activeElement)) return;
  const control = focused && document.getElementById(focused);
  if (control && !control.disabled) control.focus();
  else list.querySelector(".results-count").focus();
});
