// A table of inputs as in a spreadsheet: arrows and Enter go from cell to cell, a pasted block fills its neighbours, and
// what differs from what is stored shows at once. Without it, the table is a form like any other.
const rows = [...document.querySelectorAll(".grid tbody tr")].map((row) => [...row.querySelectorAll("input")]);

const placeOf = (input) => {
  const row = rows.findIndex((cells) => cells.includes(input));
  return [row, rows[row]?.indexOf(input)];
};

const mark = (input) => {
  input.closest("td").classList.toggle("changed", input.value.trim() !== input.dataset.stored);
};

const go = (row, column, event) => {
  const cell = rows[row]?.[column];
  if (!cell) return;
  event.preventDefault();
  cell.focus();
  cell.select();
};

document.querySelector(".grid tbody").addEventListener("keydown", (event) => {
  const input = event.target;
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || input.tagName !== "INPUT") return;
  const [row, column] = placeOf(input);
  const whole = input.selectionStart === 0 && input.selectionEnd === input.value.length;
  const atStart = whole || (input.selectionStart === 0 && input.selectionEnd === 0);
  const atEnd = whole || input.selectionStart === input.value.length;
  if (event.key === "ArrowUp" || (event.key === "Enter" && event.shiftKey)) go(row - 1, column, event);
  else if (event.key === "ArrowDown" || event.key === "Enter") {
    event.preventDefault(); // Enter must not store a table that is half typed
    go(row + 1, column, event);
  } else if (event.key === "ArrowLeft" && atStart) go(row, column - 1, event);
  else if (event.key === "ArrowRight" && atEnd) go(row, column + 1, event);
});

for (const moment of ["input", "change"]) {
  document.querySelector(".grid tbody").addEventListener(moment, (event) => mark(event.target));
}

// Tells which pasted values lie outside of the table.
const tell = (left) => {
  const told = document.querySelector("#grid-left-out");
  const values = left.slice(0, 5).join(" · ") + (left.length > 5 ? " …" : "");
  told.textContent = told.dataset.words.replace("{count}", left.length).replace("{values}", values);
  told.hidden = !left.length;
};

document.querySelector(".grid tbody").addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text").replace(/\r\n?/g, "\n").replace(/\n$/, "");
  if (!/[\t\n]/.test(text)) return;
  event.preventDefault();
  const [row, column] = placeOf(event.target);
  const left = [];
  text.split("\n").forEach((line, down) => {
    line.split("\t").forEach((value, across) => {
      const cell = rows[row + down]?.[column + across];
      if (cell) {
        cell.value = value.trim();
        mark(cell);
      } else if (value.trim()) left.push(value.trim());
    });
  });
  tell(left);
  event.target.dispatchEvent(new Event("input", { bubbles: true }));
});
