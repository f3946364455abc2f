// Ctrl+Enter presses the first button of the form, from any of its fields.

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
  const form = event.target.closest("form.translation-form");
  const button = form?.querySelector("button[aria-keyshortcuts]");
  if (!button) return;
  event.preventDefault();
  form.requestSubmit(button);
});
