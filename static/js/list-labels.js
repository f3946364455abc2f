// Writes the title of its column to each cell of a list. On a phone the cells stand below each other, with their titles.

const titles = [...document.querySelectorAll("#result_list thead th .text")].map((title) => title.textContent.trim());

for (const row of document.querySelectorAll("#result_list tbody tr")) {
  [...row.cells].forEach((cell, index) => {
    if (cell.tagName === "TD" && titles[index]) cell.dataset.label = titles[index];
  });
}
