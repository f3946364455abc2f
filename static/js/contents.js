// Marks in the contents of a page the section that is read now: the last one whose heading has passed the upper third
// of the window. A link to a folded section opens it. Without this module the contents are plain links.
const contents = document.querySelectorAll(".contents-side, .contents-bar");
const links = [...contents].flatMap((one) => [...one.querySelectorAll("a[href^='#']")]);
const headings = [...new Set(links.map((link) => document.getElementById(link.hash.slice(1))))].filter(Boolean);
const bar = document.querySelector(".contents-bar");
const title = bar?.querySelector("summary");
const atRest = title?.textContent;

function mark() {
  const tops = headings.map((heading) => Math.round(heading.getBoundingClientRect().top));
  const last = Math.max(...tops.filter((top) => top < innerHeight / 3));
  // Two sections may stand side by side: the one that was chosen, else the first.
  const beside = headings.filter((_heading, index) => tops[index] === last).map((heading) => heading.id);
  const now = beside.find((id) => location.hash === `#${id}`) ?? beside[0];
  for (const link of links) {
    if (link.hash === `#${now}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  if (!title) return;
  const current = bar.querySelector("[aria-current]");
  title.textContent = current ? `${atRest}: ${current.textContent}` : atRest;
}

const watch = new IntersectionObserver(mark, { rootMargin: "0px 0px -67%" });
for (const heading of headings) watch.observe(heading);

for (const link of links) {
  link.addEventListener("click", () => {
    setTimeout(mark); // The window may not scroll.
    const folded = document.getElementById(link.hash.slice(1))?.closest("details");
    if (folded) folded.open = true;
    if (bar) bar.open = false;
  });
}
