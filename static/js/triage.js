// Each key in `data-key` presses its button or link, unless the key writes a character.

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, textarea, select")) return;
  const pressed = [...document.querySelectorAll("[data-key]")].find(
    (one) => one.dataset.key === event.key.toLowerCase(),
  );
  if (!pressed) return;
  event.preventDefault();
  pressed.click();
});
