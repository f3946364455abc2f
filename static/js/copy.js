// A button beside each citation that copies its text. Without a clipboard there is none; one can select the text.
if (navigator.clipboard) {
  for (const section of document.querySelectorAll("[data-copy]")) {
    const { copy, copied } = section.dataset;
    for (const citation of section.querySelectorAll(".citation")) {
      const button = document.createElement("button");
      const title = citation.querySelector(".cite-style");
      const said = document.createElement("span");
      button.type = "button";
      button.textContent = copy;
      button.setAttribute("aria-label", `${copy}: ${title.textContent}`);
      said.setAttribute("role", "status");
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(citation.querySelector(".cite-text").textContent.trim());
        said.textContent = copied;
        setTimeout(() => (said.textContent = ""), 3000);
      });
      title.after(button, said);
    }
  }
}
