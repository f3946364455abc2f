// Clients in JavaScript. Each reads the portal as its users do and compares what it read with the database.
// `node node_clients.mjs NAME` runs one, from a folder with the packages of package.json. FACTS names the file of
// facts.py. It prints one line for the table, or fails.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const facts = JSON.parse(readFileSync(process.env.FACTS, "utf8"));
const { url, counts, projects } = facts;
const get = async (path) => {
  const answer = await fetch(url + path);
  assert.equal(answer.status, 200, path);
  return answer;
};
const text = async (path) => (await get(path)).text();

const clients = {
  async exceljs() {
    const { Workbook } = require("exceljs");
    const book = new Workbook();
    await book.xlsx.load(await (await get("/en/projects.xlsx?lang=ko")).arrayBuffer());
    const [sheet] = book.worksheets;
    const titles = {};
    sheet.eachRow((row, number) => {
      if (number > 1) titles[row.getCell(2).value] = row.getCell(3).value;
    });
    const expected = Object.entries(projects).map(([key, title]) => [key, title.ko]);
    assert.deepEqual(titles, Object.fromEntries(expected));
    return `${Object.keys(titles).length} projects in Korean (XLSX)`;
  },

  async "rss-parser"() {
    const Parser = require("rss-parser");
    const feed = await new Parser().parseURL(`${url}/en/projects.atom`);
    for (const item of feed.items) assert.equal(item.title, facts.names[item.link], item.link);
    assert.equal(new Set(feed.items.map((item) => item.id)).size, 50);
    assert.ok(feed.items.every((item) => !Number.isNaN(Date.parse(item.isoDate))));
    return `${feed.items.length} entries of the feed of projects`;
  },

  async sitemapper() {
    const { default: Sitemapper } = await import("sitemapper");
    const { sites, errors } = await new Sitemapper({ url: `${url}/sitemap.xml`, timeout: 60000 }).fetch();
    assert.deepEqual(errors, []);
    const found = new Set(sites);
    assert.equal(found.size, sites.length, "an address stands there twice");
    for (const language of ["en", "ko", "ru"])
      for (const key of Object.keys(projects)) assert.ok(found.has(`${url}/${language}/projects/${key}/`), key);
    const pages = sites.filter((site) => /\/(en|ko|ru)\/projects\/[^/]+\/$/.test(site));
    assert.equal(pages.length, 3 * counts.projects);
    return `${sites.length} addresses, every project in three languages`;
  },

  async "robots-parser"() {
    const robots = require("robots-parser")(`${url}/robots.txt`, await text("/robots.txt"));
    const asked = Object.keys(facts.robots).map((path) => [path, robots.isAllowed(url + path, "Googlebot")]);
    assert.deepEqual(Object.fromEntries(asked), facts.robots);
    assert.deepEqual(robots.getSitemaps(), [`${url}/sitemap.xml`]);
    return `${asked.length} addresses allowed or not`;
  },

  async "citation-js"() {
    const { Cite } = require("@citation-js/core");
    require("@citation-js/plugin-bibtex");
    require("@citation-js/plugin-ris");
    require("@citation-js/plugin-csl");
    for (const ending of ["csl", "bib", "ris"]) {
      const cite = new Cite(await text(`/en/sources.${ending}`));
      assert.equal(cite.data.length, counts.sources, ending);
      if (ending === "csl") for (const one of cite.data) assert.equal(one.title, facts.sources[one.id], one.id);
      const some = new Cite(cite.data.slice(0, 50)).format("bibliography", { format: "text", template: "apa" });
      assert.equal(some.trim().split("\n").length, 50, `citations from ${ending}`);
    }
    return `${counts.sources} references from CSL-JSON, BibTeX and RIS`;
  },

  async jsonld() {
    const jsonld = require("jsonld");
    // schema.org cannot be asked here. Its context makes each term one of its own, which is what this one says.
    const documentLoader = async (address) => {
      assert.equal(address.replace(/\/$/, ""), "https://schema.org");
      const context = { "@vocab": "https://schema.org/", id: "@id", type: "@type" };
      return { documentUrl: address, document: { "@context": context } };
    };
    const safely = { safe: true, documentLoader, base: null };
    const catalogue = await jsonld.toRDF(await (await get("/data/catalogue.jsonld")).json(), safely);
    const datasets = catalogue.filter((quad) => quad.object.value === "http://www.w3.org/ns/dcat#Dataset");
    assert.equal(datasets.length, facts.datasets);
    const key = Object.keys(projects)[0];
    const [record] = await jsonld.expand(await (await get(`/en/projects/${key}.jsonld`)).json(), safely);
    assert.ok(JSON.stringify(record).includes(JSON.stringify(projects[key].en)), "the title of the project");
    return `${catalogue.length} statements on ${datasets.length} datasets, and a project, in safe mode`;
  },

  // The tool does not read "@graph", as search engines do: it gets each node as a script of its own.
  async "structured-data-testing-tool"() {
    const { structuredDataTest } = require("structured-data-testing-tool");
    const { Google } = require("structured-data-testing-tool/presets");
    const key = Object.keys(projects)[0];
    const pages = { "/en/indicators/aral-sea-area/": "Dataset", [`/en/projects/${key}/`]: "Project" };
    const script = /<script type="application\/ld\+json">(.*?)<\/script>/s;
    const names = { Dataset: facts.indicator, Project: projects[key].en };
    let passed = 0;
    for (const [path, schema] of Object.entries(pages)) {
      const page = (await text(path)).replace(script, (_, json) => {
        const { "@context": context, "@graph": nodes } = JSON.parse(json);
        const scripts = nodes.map((node) => JSON.stringify({ "@context": context, ...node }));
        return scripts.map((node) => `<script type="application/ld+json">${node}</script>`).join("");
      });
      const result = await structuredDataTest(page, {
        presets: [Google],
        schemas: [schema],
        tests: [
          { test: `${schema}[0].description`, type: "jsonld" },
          { test: `${schema}[0].name`, type: "jsonld", expect: names[schema] },
          { test: `${schema}[0].url`, type: "jsonld", expect: url + path },
          { test: '"og:url"', type: "metatag", expect: url + path },
        ],
      }).catch((error) => error.res ?? Promise.reject(error));
      assert.deepEqual(result.failed.map((one) => [one.test, one.error?.message]), [], path);
      passed += result.passed.length;
    }
    return `${passed} tests of ${Object.keys(pages).length} pages`;
  },
};

try {
  console.log(await clients[process.argv[2]]());
} catch (error) {
  console.error(error.stack ?? error);
  process.exitCode = 1;
}
