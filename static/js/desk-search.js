// The key "/" puts the cursor into the search field of the desk, unless the key writes a character.

const field = document.querySelector("#desk-search input");

document.addEventListener("keydown", (event) => {
  const isPlain = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!field || !isPlain || event.target.closest("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  field.focus();
  field.select();
});
