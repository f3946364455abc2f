// The search of the offline edition (portal/open_data/offline/search_index.py makes its index). A classic script: a
// browser loads no modules from a file, and fetches nothing.
(() => {
  const LEVELS = 24; // letters of weights: A is 0, Y is 1
  const MOST = 100; // hits that are shown
  const SHORTEST = 0.5; // the part of a word that its stem has at least
  const BEGINNINGS = 20; // tokens that begin with a word which no stem is known of
  const NEAREST = { ё: "е", ә: "а", ғ: "г", қ: "к", ң: "н", ө: "о", ұ: "у", ү: "у", һ: "х", і: "и", ў: "у", ҳ: "х" };
  Object.assign(NEAREST, { ҷ: "ч", ӣ: "и", ӯ: "у", ı: "i", ə: "a", ø: "o", ł: "l" });
  const PIECES =
    /(?<east>[가-힣ᄀ-ᇿㄱ-ㅣ一-鿿㐀-䶿ぁ-ヿ]+)|(?<number>\p{Nd}+(?:[.,]\p{Nd}+)*)|(?<cyrillic>[Ѐ-ԯ]+)|(?<latin>(?:(?![가-힣ᄀ-ᇿㄱ-ㅣ一-鿿㐀-䶿ぁ-ヿЀ-ԯ])[\p{L}\p{M}])+)/gu;
  const PARTICLES =
    "이라는 으로의 에서의 에서는 까지의 부터의 으로 에서 에게 까지 부터 처럼 보다 마다 이나 이란 들이 들을 들의 들은 에는 에도 로의 로는 와의 과의 라는 에의 하고 이며 적인 은 는 이 가 을 를 의 에 와 과 도 만 로 나 란 들 께 적".split(
      " ",
    );

  // ── The index ──────────────────────────────────────────────────────────────────────────────────────────────────

  const tokens = [];
  const lines = new Map();
  for (const line of window.offlineIndex.split("\n")) {
    const space = line.indexOf(" ");
    const token = (tokens.at(-1) ?? "").slice(0, Number.parseInt(line[0], 36)) + line.slice(1, space);
    tokens.push(token);
    lines.set(token, line.slice(space + 1));
  }

  // From the number of each record that has the token to its weight, from 0 to 1.
  function records(token) {
    const found = new Map();
    let last = -1;
    for (const [, letter, gap] of (lines.get(token) ?? "").matchAll(/([A-Z])([0-9a-z]*)/g)) {
      last += 1 + (gap ? Number.parseInt(gap, 36) : 0);
      found.set(last, (letter.charCodeAt(0) - 65) / LEVELS);
    }
    return found;
  }

  // ── The words that a reader types ──────────────────────────────────────────────────────────────────────────────

  function folded(text) {
    const lower = text.normalize("NFKC").toLowerCase();
    const plain = lower.replace(/(?<=[\p{L}\p{N}])['’‘ʻʼ`´ʹ′](?=[\p{L}\p{N}])/gu, "");
    const near = plain.replace(/./gu, (letter) => NEAREST[letter] ?? letter);
    return near.replace(/[À-ɏḀ-ỿ]/gu, (letter) => letter.normalize("NFKD").replace(/\p{M}/gu, ""));
  }

  function stems(word) {
    for (let length = word.length; length >= Math.max(2, Math.ceil(word.length * SHORTEST)); length--) {
      const start = word.slice(0, length);
      const found = [start, start.replace(/y$/, "i")].filter((token) => lines.has(token));
      if (found.length) return [...new Set(found)];
    }
    return tokens.filter((token) => token.startsWith(word)).slice(0, BEGINNINGS);
  }

  const bigrams = (run) =>
    run.length === 1 ? [run] : [...Array(run.length - 1).keys()].map((at) => run.slice(at, at + 2));

  // The ways to meet each word: a record meets a way if it has all of its tokens.
  function ways({ groups }) {
    const { east, number, cyrillic, latin } = groups;
    if (number) return [[number.replace(/,(?=\d{3})/g, "").replace(/,/g, ".")]];
    if (!east) return stems(cyrillic ?? latin).map((token) => [token]);
    const particle = PARTICLES.find((one) => east.endsWith(one) && east.length - one.length >= 2);
    return [east, ...(particle ? [east.slice(0, -particle.length)] : [])].map(bigrams);
  }

  function meeting(way) {
    const [first, ...others] = way.map(records);
    for (const [record, weight] of first) {
      const least = others.reduce((low, other) => Math.min(low, other.get(record) ?? 0), weight);
      if (others.every((other) => other.has(record))) first.set(record, least);
      else first.delete(record);
    }
    return first;
  }

  // ── Ranking ────────────────────────────────────────────────────────────────────────────────────────────────────

  const { kinds, pages } = window.offlinePages;

  // The numbers of the records that have any of the words, the best one first.
  function search(text) {
    const scores = new Map();
    let all = 0;
    for (const word of folded(text).matchAll(PIECES)) {
      const found = new Map();
      for (const way of ways(word)) {
        for (const [record, weight] of meeting(way)) found.set(record, Math.max(weight, found.get(record) ?? 0));
      }
      if (!found.size) continue;
      const rarity = Math.log(1 + pages.length / (1 + found.size));
      all += rarity;
      for (const [record, weight] of found) {
        const [score, met] = scores.get(record) ?? [0, 0];
        scores.set(record, [score + rarity * weight, met + rarity]);
      }
    }
    const score = (record) => {
      const [sum, met] = scores.get(record);
      return (sum / all) * (met / all) * kinds[pages[record][0]][1];
    };
    return [...scores.keys()].sort((one, other) => score(other) - score(one) || one - other);
  }

  // ── The page ───────────────────────────────────────────────────────────────────────────────────────────────────

  window.offlineSearch = (text) => search(text).map((record) => pages[record]);

  const list = document.getElementById("offline-hits");
  const said = document.getElementById("offline-count");
  const asked = new URLSearchParams(location.search).get("q")?.trim() ?? "";
  if (!asked) return;
  for (const field of document.querySelectorAll("input[name=q]")) field.value = asked;
  const hits = window.offlineSearch(asked);
  said.textContent = hits.length ? said.dataset.found.replace("{count}", hits.length) : said.dataset.none;
  for (const [kind, name, language, file] of hits.slice(0, MOST)) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    const label = document.createElement("small");
    link.href = file;
    link.textContent = name;
    link.lang = language;
    label.textContent = kinds[kind][0];
    item.append(link, " ", label);
    list.append(item);
  }
})();
