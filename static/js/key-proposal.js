// Cuts a proposed key at a word. Django’s script proposes the key from the name, and cuts it within a word.

const constants = document.querySelector("#django-admin-prepopulated-fields-constants");

for (const { id, dependency_ids: names, maxLength } of JSON.parse(constants?.dataset.prepopulatedFields ?? "[]")) {
  const key = document.querySelector(id);
  const sources = names.map((name) => document.querySelector(name)).filter(Boolean);
  const propose = () => {
    const text = sources.map((source) => source.value).join(" ");
    const whole = URLify(text, text.length * 4, false);
    const cut = whole.slice(0, maxLength);
    // What somebody typed stays as it is.
    if (whole.length <= maxLength || key.value !== URLify(text, maxLength, false)) return;
    key.value = whole[maxLength] === "-" || !cut.includes("-") ? cut : cut.slice(0, cut.lastIndexOf("-"));
  };
  // After Django’s own handlers, which listen to the same events.
  for (const source of sources) {
    for (const moment of ["keyup", "change", "focus"]) source.addEventListener(moment, () => setTimeout(propose));
  }
}
