// Keeps a reader's place in a list that htmx refreshes: open parts of the filters stay open, and so does the panel of
// filters on a phone, at its scroll position; the keyboard focus stays on the same control, or goes to the number of
// results if that control is gone. The button of the panel says how many records it shows.

let before = null;

const parts = (list) => [...list.querySelectorAll(".filters details")];
const nameOf = (part) => part.closest("fieldset")?.querySelector("legend").textContent ?? "";
// Boxes of filters have no id: a list may have hundreds.
const selectorOf = ({ id, name, value }) =>
  id ? `#${CSS.escape(id)}` : name ? `[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]` : "";
const buttonOf = (list) => list.querySelector(".filters [data-show]");

function sayWhatIsShown(list) {
  const button = list && buttonOf(list);
  if (!button || !list.querySelector(".filters").matches(":popover-open")) return;
  button.dataset.apply ??= button.textContent;
  button.textContent = button.dataset.show;
}

// `toggle` does not bubble.
document.addEventListener(
  "toggle",
  ({ target }) => target.id === "filters" && sayWhatIsShown(target.closest(".list")),
  true,
);

document.addEventListener("htmx:beforeSwap", ({ target, detail }) => {
  if (target.id !== "list") return;
  const focused = document.activeElement;
  const panel = target.querySelector(".filters");
  const shows = detail.requestConfig.triggeringEvent?.type === "submit";
  before = {
    open: parts(target)
      .filter((part) => part.open)
      .map(nameOf),
    panel: panel.matches(":popover-open") && !shows,
    scroll: panel.scrollTop,
    focused: shows ? "" : target.contains(focused) ? selectorOf(focused) : null,
  };
});

document.addEventListener("htmx:afterSettle", () => {
  const list = document.getElementById("list");
  if (!before || !list) return;
  const { open, panel, scroll, focused } = before;
  before = null;
  for (const part of parts(list)) part.open ||= open.includes(nameOf(part));
  if (panel) {
    list.querySelector(".filters-button").focus(); // The browser moves the focus back to it when the panel closes.
    const filters = list.querySelector(".filters");
    filters.showPopover();
    filters.scrollTop = scroll;
    sayWhatIsShown(list);
  }
  if (focused === null || (!panel && list.contains(document.activeElement))) return;
  const control = focused && list.querySelector(focused);
  if (control && !control.disabled) control.focus({ preventScroll: panel });
  else if (!panel) list.querySelector(".results-count").focus();
});

// The count is unknown if the server does not answer. The form still works.
for (const name of ["htmx:sendError", "htmx:responseError"]) {
  document.addEventListener(name, () => {
    const button = buttonOf(document);
    if (button?.dataset.apply) button.textContent = button.dataset.apply;
  });
}
