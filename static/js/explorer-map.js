// The large map while the reader moves it: a Leaflet map in the projection of the drawing that it replaces, whose
// marks the server goes on grouping. map.js loads this when the reader asks for it.

const APART = 44; // pixels between marks that stay one, as portal/views/map.py groups them
// Where a label's point is, as the server states it -> the classes that move the label there.
const LABEL_CLASSES = {
  start: "explorer-label",
  middle: "explorer-label explorer-label-middle",
  end: "explorer-label explorer-label-end",
};
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
let loading = null;

function element(name, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

// What is known only by country comes last, as in the rows of the server.
const weight = ({ feature: { properties } }) => properties.projects - (properties.approximate ? 1e9 : 0);

// ── Leaflet, and the map's projection (portal/maps/geometry.py) ──────────────────────────────────────────────────────────────

function loadStyles(href) {
  return new Promise((resolve, reject) => {
    document.head.append(element("link", { rel: "stylesheet", href, onload: resolve, onerror: reject }));
  });
}

function loadLeaflet({ leaflet, leafletCss, explorerCss }) {
  loading ??= Promise.all([
    loadStyles(leafletCss), // the portal's own go on from it
    loadStyles(explorerCss),
    new Promise((resolve, reject) => {
      document.head.append(element("script", { src: leaflet, onload: resolve, onerror: reject }));
    }),
  ]).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

function albers({ lon, n, c, units, rho, x, y }) {
  const radians = Math.PI / 180;
  return {
    project({ lat, lng }) {
      const r = (units * Math.sqrt(Math.max(0, c - 2 * n * Math.sin(lat * radians)))) / n;
      const theta = n * (lng - lon) * radians;
      return L.point(x + r * Math.sin(theta), y - rho + r * Math.cos(theta));
    },
    unproject(point) {
      const east = point.x - x;
      const south = point.y - y + rho;
      const r = Math.hypot(east, south);
      const theta = Math.atan2(east, south);
      const sine = (c - ((r * n) / units) ** 2) / (2 * n);
      return L.latLng(Math.asin(Math.max(-1, Math.min(1, sine))) / radians, lon + theta / n / radians);
    },
  };
}

function boundsOf(projection, left, top, width, height) {
  return L.latLngBounds(
    projection.unproject(L.point(left, top + height)),
    projection.unproject(L.point(left + width, top)),
  );
}

// ── The map ────────────────────────────────────────────────────────────────────────────────────────────────────────

// The map in the place of the drawing in `host`.
export async function open(host) {
  await loadLeaflet(host.dataset);
  return new LiveMap(host);
}

class LiveMap {
  constructor(host) {
    const data = host.dataset;
    this.words = { ...data };
    this.url = data.url;
    this.element = element("div", { className: "explorer-map" });
    this.projection = albers(JSON.parse(data.projection));
    const [left, top, width, height] = data.frame.split(" ").map(Number);
    this.features = [];
    this.place(host);
    const crs = L.extend({}, L.CRS.Simple, {
      projection: this.projection,
      transformation: new L.Transformation(1, 0, 1, 0),
      scale: (zoom) => 2 ** zoom / 4,
      zoom: (scale) => Math.log2(scale * 4),
    });
    this.map = L.map(this.element, {
      crs,
      minZoom: 0,
      maxZoom: Number(data.maxZoom),
      zoomSnap: 0.25,
      zoomControl: false,
      attributionControl: false,
      scrollWheelZoom: false, // a page that scrolls past must not be caught; a click into the map lets it zoom
      maxBounds: boundsOf(this.projection, -500, -500, 2000, 1740),
      maxBoundsViscosity: 0.8,
      zoomAnimation: !calm(),
      fadeAnimation: !calm(),
      renderer: L.svg({ padding: 0.4 }),
    });
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", data.label);
    this.element.setAttribute("aria-describedby", "map-help");
    L.control
      .zoom({ zoomInTitle: data.closer, zoomOutTitle: data.wider, zoomInText: "+", zoomOutText: "−" })
      .addTo(this.map);
    this.map.on("focus", () => this.map.scrollWheelZoom.enable());
    this.map.on("blur", () => this.map.scrollWheelZoom.disable());
    this.map.fitBounds(boundsOf(this.projection, left, top, width, height), { animate: false });
    this.marks = L.layerGroup().addTo(this.map);
    this.ground();
    this.map.on("moveend", () => this.moved());
    this.moved();
  }

  // Puts the map into the page's figure, in place of what the server drew.
  place(host) {
    const stage = host.querySelector(".map-stage");
    stage.replaceChildren(this.element);
    this.layers ??= this.choices();
    const help = element("span", { id: "map-help", className: "map-notes", textContent: this.words.help });
    host.querySelector(".map-under").replaceChildren(help, this.layers);
    this.host = host;
  }

  // After the filters changed, the page has a new figure.
  adopt(host) {
    this.url = host.dataset.url;
    this.place(host);
    this.map.invalidateSize({ animate: false });
    this.shown = null;
    this.moved();
  }

  layer(url, style, filter = () => true) {
    return fetch(url)
      .then((answer) => answer.json())
      .then((json) => L.geoJSON(json, { interactive: false, style, filter }));
  }

  // In the order in which they cover each other: waters lie over countries, since borders cross the Aral Sea.
  async ground() {
    const { neighbours, countries, rivers, lakes, aral, aralLatest } = this.words;
    const before = (shore) => shore.id === "aral-sea-late-1950s";
    const layers = await Promise.all([
      this.layer(neighbours, () => ({ className: "explorer-neighbour" })),
      this.layer(countries, () => ({ className: "explorer-country" })),
      this.layer(rivers, (river) => ({ className: river.properties.main ? "explorer-main" : "explorer-river" })),
      this.layer(aral, () => ({ className: "explorer-bed" }), before),
      this.layer(aralLatest, () => ({ className: "explorer-lake" })),
      this.layer(lakes, () => ({ className: "explorer-lake" })),
    ]).catch(() => []);
    for (const layer of layers) layer.addTo(this.map);
  }

  name({ name, kind, lat, lon }) {
    const words = element("span", { className: `explorer-name map-words-${kind}`, textContent: name });
    const icon = L.divIcon({ className: "", html: words, iconSize: [0, 0] });
    L.marker([lat, lon], { icon, interactive: false, keyboard: false, zIndexOffset: -1000 }).addTo(this.marks);
  }

  choices() {
    const box = element("input", { type: "checkbox" });
    box.addEventListener("change", async () => {
      this.provinces ??= this.layer(this.words.provinces, () => ({ className: "explorer-province" }));
      const layer = await this.provinces;
      if (box.checked) layer.addTo(this.map);
      else layer.remove();
    });
    return element("span", { className: "map-layers" }, element("label", {}, box, ` ${this.words.borders}`));
  }

  // The part of the map in view and half as much around it, in degrees.
  around() {
    const size = this.map.getSize();
    const points = [];
    for (const across of [-0.5, 0, 0.5, 1, 1.5])
      for (const down of [-0.5, 0, 0.5, 1, 1.5])
        points.push(this.map.containerPointToLatLng(L.point(size.x * across, size.y * down)));
    return L.latLngBounds(points);
  }

  moved() {
    const view = this.map.getBounds();
    const zoom = this.map.getZoom();
    this.remember(view);
    this.list();
    if (this.shown?.zoom === zoom && this.shown.box.contains(view)) return Promise.resolve();
    const box = this.around();
    this.shown = { zoom, box };
    return this.draw(zoom, box);
  }

  // The address shows the same part of the map to whoever gets it.
  remember(view) {
    const address = new URL(location.href);
    const edges = [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
    address.searchParams.set("bbox", edges.map((edge) => edge.toFixed(2)).join(","));
    history.replaceState(history.state, "", address.href.replaceAll("%2C", ","));
  }

  async draw(zoom, box) {
    this.asked?.abort();
    this.asked = new AbortController();
    const edges = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
    const limits = [-180, -85, 180, 85];
    const bbox = edges.map((edge, i) => (i < 2 ? Math.max(edge, limits[i]) : Math.min(edge, limits[i])).toFixed(3));
    const message = this.host.querySelector(".map-message");
    let collection;
    try {
      const answer = await fetch(`${this.url}&zoom=${zoom}&bbox=${bbox.join(",")}`, { signal: this.asked.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      collection = await answer.json();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.shown = null;
      message.textContent = this.words.failed;
      message.hidden = false;
      return;
    }
    message.hidden = true;
    this.show(collection);
  }

  show({ features, names }) {
    const focused = this.wanted ?? document.activeElement?.dataset?.mark;
    this.marks.clearLayers();
    for (const name of names) this.name(name);
    this.features = features.map((feature) => ({ feature, mark: this.mark(feature) }));
    for (const { feature, mark } of this.features)
      if (feature.id === focused) mark.getElement().focus({ preventScroll: true });
    this.wanted = null;
    this.list();
  }

  // The list beside the map: a row for each mark in view, by country, in place of the rows of the drawing.
  list() {
    if (!this.features.length) return;
    const groups = new Map();
    for (const { feature, mark } of this.features) {
      if (!this.map.getBounds().contains(mark.getLatLng())) continue;
      const { country } = feature.properties;
      groups.set(country, [...(groups.get(country) ?? []), { feature, mark }]);
    }
    const parts = [...groups].sort(([a], [b]) => a.localeCompare(b, this.words.language));
    const rows = parts.flatMap(([country, found]) => [
      element("h3", { textContent: country }),
      element("ul", {}, ...found.sort((a, b) => weight(b) - weight(a)).map((one) => this.row(one))),
    ]);
    const list = document.getElementById("places");
    const focused =
      list.contains(document.activeElement) && document.activeElement.closest("[data-mark]")?.dataset.mark;
    for (const old of list.querySelectorAll(".map-rows")) old.remove();
    list.append(element("div", { className: "map-rows" }, ...rows));
    if (focused) list.querySelector(`[data-mark="${CSS.escape(focused)}"] button`)?.focus({ preventScroll: true });
  }

  row({ feature, mark }) {
    const { name, language, more_places, kind, approximate, projects } = feature.properties;
    const row = element(
      "button",
      { className: "map-row", type: "button" },
      element("b", { textContent: projects.toLocaleString(this.words.language) }),
      element(
        "span",
        {},
        element("span", { lang: language, textContent: name }),
        " ",
        element("small", { textContent: more_places || approximate || kind }),
      ),
    );
    row.addEventListener("click", () => this.open(mark, feature));
    const item = element("li", {}, row);
    item.dataset.mark = feature.id;
    return item;
  }

  mark(feature) {
    const { properties: it, geometry } = feature;
    const [lon, lat] = geometry.coordinates;
    const size = 2 * it.radius;
    const count = element("span", { textContent: it.projects.toLocaleString(this.words.language) });
    const body = element("div", {}, count);
    if (it.spot) {
      const label = element("span", {}, element("span", { textContent: it.name, lang: it.language }));
      if (it.more_places) label.append(element("small", { textContent: it.more_places }));
      label.className = LABEL_CLASSES[it.spot.anchor];
      label.style.left = `${it.radius + it.spot.dx}px`;
      label.style.top = `${it.radius + it.spot.dy}px`;
      body.append(label);
    }
    const icon = L.divIcon({
      className: `explorer-mark${it.places > 1 ? " explorer-several" : ""}${it.approximate ? " explorer-approximate" : ""}`,
      html: body,
      iconSize: [size, size],
    });
    const mark = L.marker([lat, lon], { icon, title: it.title, riseOnHover: true }).addTo(this.marks);
    const node = mark.getElement();
    node.setAttribute("aria-label", it.title);
    node.dataset.mark = feature.id;
    mark.on("click", () => this.open(mark, feature));
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      this.open(mark, feature);
    });
    return mark;
  }

  // Several places part as one comes closer; a place, or several at one spot, say what is there.
  open(mark, feature) {
    const { bbox } = feature.properties;
    if (bbox) {
      const [west, south, east, north] = bbox;
      const corners = [this.projection.project(L.latLng(south, west)), this.projection.project(L.latLng(north, east))];
      const apart = (corners[0].distanceTo(corners[1]) * 2 ** this.map.getMaxZoom()) / 4;
      if (apart > 1.5 * APART && this.map.getZoom() < this.map.getMaxZoom()) {
        this.wanted = feature.id;
        this.map.fitBounds(
          [
            [south, west],
            [north, east],
          ],
          { padding: [90, 60], animate: !calm() },
        );
        return;
      }
    }
    this.say(mark, feature);
  }

  // To the mark, which may have been drawn anew since, or to the map.
  focus(key) {
    const mark = this.element.querySelector(`[data-mark="${CSS.escape(key)}"]`);
    (mark ?? this.element).focus({ preventScroll: true });
  }

  say(mark, feature) {
    const it = feature.properties;
    const links = it.links.map(({ text, language, url, count, status }) =>
      element(
        "li",
        {},
        element("a", { href: url, lang: language, textContent: text }),
        count ? ` (${count})` : "",
        status ? ` ${status}` : "",
      ),
    );
    if (it.more) links.push(element("li", {}, element("a", { href: it.more, textContent: this.words.more })));
    const heading = it.url
      ? element(
          "p",
          { className: "explorer-title" },
          element("a", { href: it.url, lang: it.language, textContent: it.title }),
        )
      : element("p", { className: "explorer-title", textContent: it.name });
    const content = element("div", { tabIndex: -1 }, heading, element("ul", {}, ...links));
    const { x, y } = this.map.getSize();
    const popup = L.popup({
      maxWidth: Math.min(280, x - 130),
      maxHeight: Math.min(260, y - 110),
      offset: [0, -it.radius / 2],
      autoPanPaddingTopLeft: [60, 12],
      autoPanPaddingBottomRight: [12, 12],
    })
      .setLatLng(mark.getLatLng())
      .setContent(content);
    popup.on("remove", () => {
      if (popup.getElement()?.contains(document.activeElement)) this.focus(feature.id);
    });
    popup.openOn(this.map);
    const box = popup.getElement();
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-label", it.title);
    box.querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", this.words.close);
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        this.map.closePopup(popup);
        this.focus(feature.id);
      }
    });
    content.focus({ preventScroll: true });
  }

  // What a link of the drawing asks for: closer, wider, or the part in its address.
  follow(link) {
    if (link?.zoom) this.map.setZoom(this.map.getZoom() + link.zoom, { animate: false });
    else if (link?.bbox) {
      const [west, south, east, north] = link.bbox.split(",").map(Number);
      this.map.fitBounds(
        [
          [south, west],
          [north, east],
        ],
        { animate: false },
      );
    }
  }
}
