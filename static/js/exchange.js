// The page of a long import ends with a link to its outcome: go there.
document.querySelector("[data-go-on]")?.click();
