// Values of a year on hover, touch and arrow keys. The words are those of the chart's own <title> elements, so that a
// reader without JavaScript has them too; small charts leave them out and have them in their table. What the page says
// at first, such as the latest year, comes back as soon as no year is chosen.
for (const figure of document.querySelectorAll("[data-chart]")) {
  const frame = figure.querySelector(".chart-frame");
  const reading = figure.querySelector(".chart-reading");
  const atRest = reading.textContent;
  let at = -1;

  const chart = () => [...frame.querySelectorAll("svg")].find((svg) => svg.getBoundingClientRect().width > 0);

  const row = (year) => {
    const names = [...figure.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    const found = [...figure.querySelectorAll("tbody tr")].find((line) => line.cells[0].textContent === year);
    const values = [...found.cells].slice(1).map((cell, index) => [names[index + 1], cell.textContent.trim()]);
    const known = values.filter(([, value]) => !value.startsWith("·"));
    return `${year}: ${known.map((pair) => pair.join(" ")).join("; ")}`;
  };

  const show = (index) => {
    const years = [...chart().querySelectorAll(".years rect")];
    at = Math.max(0, Math.min(index, years.length - 1));
    const year = years[at];
    const cursor = chart().querySelector(".cursor");
    cursor.setAttribute("transform", `translate(${year.dataset.x} 0)`);
    frame.classList.add("chart-reading-on");
    // The phone's chart has the same years and leaves the words to the wide one.
    reading.textContent = frame.querySelectorAll(".years title")[at]?.textContent ?? row(year.dataset.year);
  };

  const hide = () => {
    frame.classList.remove("chart-reading-on");
    reading.textContent = atRest;
    at = -1;
  };

  frame.tabIndex = 0;
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-labelledby", `${figure.id}-title`);
  // The target of a moving finger stays the one that it touched first, so the place decides.
  const follow = (event) => {
    const band = document.elementFromPoint(event.clientX, event.clientY)?.closest(".years rect");
    if (band && frame.contains(band)) show([...band.parentNode.children].indexOf(band));
  };

  frame.addEventListener("pointerdown", follow);
  frame.addEventListener("pointermove", follow);
  frame.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "touch") hide(); // a lifted finger leaves its year to be read
  });
  frame.addEventListener("blur", hide);
  frame.addEventListener("keydown", (event) => {
    const count = chart().querySelectorAll(".years rect").length;
    const step = { ArrowRight: at + 1, ArrowLeft: at < 0 ? count - 1 : at - 1, Home: 0, End: count - 1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      show(step);
    } else if (event.key === "Escape") {
      hide();
    }
  });
}
