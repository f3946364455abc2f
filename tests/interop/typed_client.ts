// A client that openapi-fetch types by the description of the API. It does not compile if a field is gone.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { env: Record<string, string>; exitCode: number };
const counts: Record<string, number> = JSON.parse(process.env.COUNTS);
const api = createClient<paths>({ baseUrl: process.env.URL });

function same(name: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${name}: ${found} instead of ${expected}`);
}

// With all fields required, a whole record has its title without a question mark.
type Project = components["schemas"]["Project"];
const isWhole = (item: Project | components["schemas"]["ProjectFields"]): item is Project => item.sources !== undefined;

const query = { limit: 20 };
const pages = {
  issues: (await api.GET("/api/v1/issues", { params: { query } })).data,
  projects: (await api.GET("/api/v1/projects", { params: { query } })).data,
  organisations: (await api.GET("/api/v1/organisations", { params: { query } })).data,
  agreements: (await api.GET("/api/v1/agreements", { params: { query } })).data,
  results: (await api.GET("/api/v1/results", { params: { query } })).data,
  countries: (await api.GET("/api/v1/countries", { params: { query } })).data,
  places: (await api.GET("/api/v1/places", { params: { query } })).data,
  indicators: (await api.GET("/api/v1/indicators", { params: { query } })).data,
  observations: (await api.GET("/api/v1/observations", { params: { query } })).data,
  events: (await api.GET("/api/v1/events", { params: { query } })).data,
  sources: (await api.GET("/api/v1/sources", { params: { query } })).data,
  terms: (await api.GET("/api/v1/terms", { params: { query } })).data,
};
let read = 0;
for (const [name, page] of Object.entries(pages)) {
  same(`count of ${name}`, page?.count, counts[name]);
  same(`items of ${name}`, page?.items.length, Math.min(20, counts[name]));
  read += page?.items.length ?? 0;
}
const [first] = pages.projects?.items.filter(isWhole) ?? [];
const { data } = await api.GET("/api/v1/projects/{key}", { params: { path: { key: first.key } } });
same("the project by its key", data?.key, first.key);
const { response } = await api.GET("/api/v1/projects/{key}", { params: { path: { key: "no-such-project" } } });
same("status of an unknown key", response.status, 404);
console.log(`typed client of the API: ${Object.keys(pages).length} lists, ${read} records`);
