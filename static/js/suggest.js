// Suggestions under a search field, each leading to its page. Without it the field is a plain form.

import { combobox } from "./combobox.js";

for (const input of document.querySelectorAll("input[data-suggest]")) {
  combobox(input, {
    async fetched(text, signal) {
      const response = await fetch(`${input.dataset.suggest}?${new URLSearchParams({ q: text })}`, { signal });
      return response.ok ? (await response.json()).suggestions : null;
    },
    shown(option, suggestion) {
      const name = document.createElement("span");
      name.textContent = suggestion.name;
      name.lang = suggestion.language;
      const kind = document.createElement("small");
      kind.textContent = suggestion.kind;
      option.append(name, " ", kind);
    },
    taken(suggestion) {
      location.assign(suggestion.url);
    },
  });
}
