// Suggestions under a search field, each leading to its page; or, where the field says of which parameter it `adds` a
// value, into its form, which is sent without the words then. Without it the field is a plain form.

import { combobox } from "./combobox.js";

for (const input of document.querySelectorAll("input[data-suggest]")) {
  combobox(input, {
    async fetched(text, signal) {
      const address = new URL(input.dataset.suggest, location.href);
      address.searchParams.set("q", text);
      const response = await fetch(address, { signal });
      return response.ok ? (await response.json()).suggestions : null;
    },
    shown(option, suggestion) {
      const name = document.createElement("span");
      name.textContent = suggestion.name;
      name.lang = suggestion.language;
      const kind = document.createElement("small");
      kind.textContent = suggestion.kind;
      option.append(name, " ", kind);
      if (suggestion.alias) {
        const alias = document.createElement("small");
        alias.className = "suggestion-alias";
        alias.textContent = suggestion.alias;
        option.append(alias);
      }
    },
    taken(suggestion) {
      if (!input.dataset.adds) return location.assign(suggestion.url);
      const added = document.createElement("input");
      added.type = "hidden";
      added.name = input.dataset.adds;
      added.value = suggestion.key;
      input.value = "";
      input.form.append(added);
      input.form.requestSubmit();
    },
  });
}

// On a narrow page the header's field is in a panel: who opens it wants to type.
document.getElementById("search-panel")?.addEventListener("toggle", (event) => {
  if (event.newState === "open") document.getElementById("site-search").focus();
});
