"use strict";
// Everything that came from a model or a chart reaches the page through textContent alone.
const $ = (id) => document.getElementById(id);
const el = (tag, text, name) => {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = String(text);
  if (name) node.className = name;
  return node;
};

// A block is base64 of gzip of a JSON array; it is opened once.
const blocks = new Map();
async function unpack(id) {
  const raw = Uint8Array.from(atob($(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}
function block(number) {
  if (!blocks.has(number)) blocks.set(number, unpack("block-" + number));
  return blocks.get(number);
}
async function at(place) { return (await block(place[0]))[place[1]]; }
const isPlace = (value) => value !== null && typeof value === "object" && Array.isArray(value.$) && Object.keys(value).length === 1;
async function filled(value) {
  if (isPlace(value)) return at(value.$);
  if (Array.isArray(value)) return Promise.all(value.map(filled));
  if (value !== null && typeof value === "object") {
    const parts = await Promise.all(Object.entries(value).map(async ([key, part]) => [key, await filled(part)]));
    return Object.fromEntries(parts);
  }
  return value;
}
const pretty = (text) => { try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; } };
const shown = (value) => typeof value === "string" ? value : JSON.stringify(value);

// Theme.
$("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

// The list. Columns of a row: model, task, attempt, family, status, correct, never solved, turns, why, block, place.
const PAGE = 150, OUTCOMES = ["wrong", "correct", "not scored"], MARKS = ["no", "yes", "muted"];
let index = null, found = [], listed = 0;
const linkOf = (row) => "#rollout=" + [index.models[row[0]], row[1], row[2]].map(encodeURIComponent).join("/");
function line(row) {
  const tr = el("tr");
  const task = el("td"), a = el("a", row[1]);
  a.href = linkOf(row);
  task.append(a);
  tr.append(el("td", index.models[row[0]]), task, el("td", "#" + row[2]), el("td", row[3] < 0 ? "" : index.families[row[3]]),
    el("td", index.statuses[row[4]]), el("td", OUTCOMES[row[5]], MARKS[row[5]]),
    el("td", row[7] === null ? "" : row[7] + " turns"), el("td", row[8]));
  return tr;
}
function more() {
  const part = document.createDocumentFragment();
  for (const row of found.slice(listed, listed + PAGE)) part.append(line(row));
  listed = Math.min(found.length, listed + PAGE);
  document.querySelector("#list tbody").append(part);
  $("more").hidden = listed >= found.length;
  $("count").textContent = `${found.length} of ${index.rows.length} rollouts, ${listed} shown`;
}
function filter() {
  const model = $("model").value, family = $("family").value, status = $("status").value, outcome = $("outcome").value;
  const task = $("task").value.trim().toLowerCase();
  found = index.rows.filter((row) =>
    (model === "" || row[0] === Number(model)) && (family === "" || row[3] === Number(family)) &&
    (status === "" || row[4] === Number(status)) && (task === "" || row[1].toLowerCase().includes(task)) &&
    (outcome === "" || (outcome === "correct" ? row[5] === 1 : outcome === "wrong" ? row[5] === 0 : row[6] === 1)));
  listed = 0;
  document.querySelector("#list tbody").replaceChildren();
  more();
}
function options(id, names) {
  names.forEach((name, number) => { const option = el("option", name); option.value = number; $(id).append(option); });
}

// One rollout.
function folded(title, value, open) {
  const node = el("details"), body = el("pre");
  node.append(el("summary", title), body);
  const fill = async () => { if (!body.textContent) body.textContent = pretty(shown(await filled(value))); };
  node.addEventListener("toggle", () => { if (node.open) fill(); });
  if (open) { node.open = true; fill(); }
  return node;
}
function table(headers, rows) {
  const wrap = el("div", null, "scroll"), t = el("table"), head = el("tr"), body = el("tbody");
  headers.forEach((name) => head.append(el("th", name)));
  rows.forEach((cells) => { const tr = el("tr"); cells.forEach((cell) => tr.append(cell instanceof Node ? cell : el("td", cell))); body.append(tr); });
  const top = el("thead"); top.append(head); t.append(top, body); wrap.append(t);
  return wrap;
}
// What an order must be is a list of phrases; what was found is the order itself, named and folded.
function wanted(value) {
  if (value === null || value === undefined) return "";
  return Array.isArray(value) && value.length > 1 && value.every((part) => typeof part === "string") ? value.join("; ") : shown(value);
}
function foundOf(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object" || !value.resourceType) return shown(value);
  const cell = el("td");
  cell.append(folded(nameOf(value), value));
  return cell;
}
async function checksOf(detail) {
  const rows = await Promise.all((detail.checks || []).map(async (check) => {
    const c = await filled(check);
    return [c.name, el("td", c.passed ? "passed" : "failed", c.passed ? "yes" : "no"), c.category || c.group || "", wanted(c.expected), foundOf(c.found)];
  }));
  return rows.length ? table(["Check", "", "Category", "Expected", "Found"], rows) : el("p", "No checks were recorded.", "muted");
}
async function messageOf(message, number) {
  const node = el("div", null, "message " + (message.role === "assistant" ? "assistant" : ""));
  node.append(el("strong", `${number + 1} · ${message.role}`));
  if (message.reasoning) node.append(folded("reasoning", message.reasoning));
  if (message.content !== null && message.content !== undefined && message.content !== "") {
    if (message.role === "tool") node.append(folded("result", message.content));
    else if (message.role === "system") node.append(folded("instructions", message.content));
    else node.append(el("pre", await filled(message.content)));
  }
  for (const call of message.calls || []) {
    const text = String(await filled(call.arguments));
    node.append(folded(`call ${call.name} ${text.length > 90 ? text.slice(0, 90) + "…" : text}`, call.arguments));
  }
  return node;
}
function nameOf(order) {
  const r = order.resource || order;
  const concept = r.medicationCodeableConcept || r.code || {};
  const coding = (concept.coding || [])[0] || {};
  const what = concept.text || coding.display || coding.code || r.valueString || order.text || order.label || "";
  return [order.method, order.kind || r.resourceType, what, r.status, r.authoredOn || r.effectiveDateTime].filter(Boolean).join(" · ");
}
async function ordersOf(title, orders, nothing) {
  const node = el("div");
  node.append(el("h3", title));
  if (!orders || !orders.length) { node.append(el("p", nothing, "muted")); return node; }
  for (const order of orders) { const full = await filled(order); node.append(folded(nameOf(full) || "order", full)); }
  return node;
}
const clock = (time) => String(time || "").slice(0, 16).replace("T", " ");
async function timelineOf(place) {
  const items = JSON.parse(await at(place.$)), list = el("ul", null, "timeline");
  for (const item of items) {
    if (typeof item !== "object" || item === null) { list.append(el("li", item)); continue; }
    const { time, at: when, date, kind, type, text, label, ...rest } = item;
    const li = el("li"), said = [text || label, ...Object.entries(rest).map(([key, value]) => `${key} ${shown(value)}`)].filter(Boolean).join(", ");
    li.append(el("span", clock(time || when || date), "muted"), el("span", kind || type || ""), el("span", said));
    list.append(li);
  }
  return list;
}
function timelineFolded(place) {
  const node = el("details");
  node.append(el("summary", "as of the task's clock, newest first"));
  node.addEventListener("toggle", async () => { if (node.open && node.children.length === 1) node.append(await timelineOf(place)); });
  return node;
}
async function draw(row) {
  const article = $("rollout"), back = el("p"), link = el("a", "Back to all rollouts"), facts = el("dl");
  link.href = "#rollouts"; back.append(link);
  article.replaceChildren(back, el("h2", `${index.models[row[0]]}, ${row[1]}, attempt ${row[2]}`));
  const siblings = el("p", "Other attempts and models: ", "muted");
  index.rows.filter((other) => other[1] === row[1] && other !== row).slice(0, 60).forEach((other) => {
    const a = el("a", `${index.models[other[0]]} #${other[2]} ${"✗✓–"[other[5]]}`); a.href = linkOf(other); siblings.append(a, " ");
  });
  const detail = row[9] < 0 ? { row: {} } : await at([row[9], row[10]]);
  const add = (name, value, cls) => { if (value !== undefined && value !== null && value !== "") facts.append(el("dt", name), el("dd", value, cls)); };
  add("Outcome", OUTCOMES[row[5]], MARKS[row[5]]);
  add("Status", index.statuses[row[4]]); add("Family", row[3] < 0 ? "" : index.families[row[3]]); add("Failure", row[8]);
  for (const [key, value] of Object.entries(await filled(detail.row))) {
    if (!["task_id", "attempt", "status", "correct", "family", "failure"].includes(key)) add(key.replaceAll("_", " "), shown(value));
  }
  add("Trace", detail.where);
  article.append(facts, el("h3", "Checks"), await checksOf(detail));
  if (detail.messages) {
    const columns = el("div", null, "columns");
    columns.append(await ordersOf("Before: active orders", detail.before, detail.no_chart ? "Not known: the chart is not at hand." : "None."), await ordersOf("After: orders filed", detail.writes, "None were accepted."));
    article.append(columns);
    if (detail.expectation) article.append(folded("What was expected", detail.expectation));
    article.append(el("h3", "Messages"));
    for (const [number, message] of detail.messages.entries()) article.append(await messageOf(message, number));
    if (detail.chart || detail.no_chart) article.append(el("h3", "The patient's chart"));
    if (detail.chart) article.append(timelineFolded(detail.chart));
    else if (detail.no_chart) article.append(el("p", await filled(detail.no_chart), "muted"));
    if (detail.other && Object.keys(detail.other).length) article.append(folded("What else was saved", detail.other));
  } else article.append(el("p", "No trace of this rollout was saved.", "muted"));
  article.append(siblings);
}
async function route() {
  const open = location.hash.startsWith("#rollout=");
  if (open && index) {
    const [model, task, attempt] = location.hash.slice(9).split("/").map(decodeURIComponent);
    const row = index.rows.find((r) => index.models[r[0]] === model && r[1] === task && r[2] === Number(attempt));
    if (row) await draw(row);
    else $("rollout").replaceChildren(el("p", `There is no rollout ${model}, ${task}, attempt ${attempt} in this report.`));
  }
  $("rollout").hidden = !open; $("report").hidden = open; $("browser").hidden = open;
  if (open) scrollTo(0, 0);
  else if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}
async function start() {
  index = await unpack("index");
  options("model", index.models); options("family", index.families); options("status", index.statuses);
  for (const id of ["model", "family", "status", "outcome"]) $(id).addEventListener("change", filter);
  $("task").addEventListener("input", filter);
  $("more").addEventListener("click", more);
  addEventListener("hashchange", route);
  filter();
  await route();
  document.documentElement.dataset.ready = "yes";
}
start();
