// How much this page weighs, said where it ends: what came for it, as it was sent, kept files counted as well.
const place = document.querySelector("[data-weight]");

function tell() {
  const parts = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const bytes = parts.reduce((sum, part) => sum + part.encodedBodySize, 0);
  const kilobytes = { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 };
  const weight = new Intl.NumberFormat(document.documentElement.lang, kilobytes).format(bytes / 1000);
  place.textContent = place.dataset.weight.replace("{weight}", weight);
}

// After the page has loaded: what it asks for later is the reader’s wish.
addEventListener("load", () => setTimeout(tell));
