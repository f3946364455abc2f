// The folded parts of a form: a link to a part or to a field in it unfolds it, and one button unfolds or folds them all.

const contents = document.querySelector(".form-contents");
const form = contents?.closest("form");

function unfold(hash) {
  const target = document.getElementById(hash.slice(1));
  for (let part = target?.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  return target;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link?.hash) unfold(link.hash);
});
unfold(location.hash)?.scrollIntoView();

const parts = () => [...form.querySelectorAll("details:has(> summary > :is(.fieldset-heading, .inline-heading))")];

if (form && parts().length) {
  const button = document.createElement("button");
  const isFolded = () => parts().some((part) => !part.open);
  const label = () => {
    button.textContent = isFolded() ? contents.dataset.unfold : contents.dataset.fold;
  };
  button.type = "button";
  button.addEventListener("click", () => {
    const open = isFolded();
    for (const part of parts()) part.open = open;
  });
  form.addEventListener("toggle", label, true); // it does not bubble
  label();
  contents.prepend(button);
}
