// Buttons that copy citations and code.
function addButtons() {
  for (const title of document.querySelectorAll("[data-copy] .cite-style:not(:has(+ button))")) {
    const { copy, copied } = title.closest("[data-copy]").dataset;
    const button = document.createElement("button");
    const said = document.createElement("span");
    button.type = "button";
    button.textContent = copy;
    button.setAttribute("aria-label", `${copy}: ${title.textContent}`);
    said.setAttribute("role", "status");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(said.nextElementSibling.textContent.trim());
      said.textContent = copied;
      setTimeout(() => (said.textContent = ""), 3000);
    });
    title.after(button, said);
  }
}

if (navigator.clipboard) {
  addButtons();
  addEventListener("htmx:load", addButtons);
}
