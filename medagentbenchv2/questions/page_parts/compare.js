"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const chosen = new Set(data.models.map((_, place) => place));
let shown = [];      // places of the questions that pass the filter
let current = 0;     // place within `shown`

// Text always goes in as text; only what the sanitiser made goes in as markup.
function make(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  const { text, html, ...rest } = options;
  if (text !== undefined) node.textContent = text;
  if (html !== undefined) node.innerHTML = html;
  for (const [name, value] of Object.entries(rest)) node.setAttribute(name, value);
  node.append(...children.filter(Boolean));
  return node;
}

// A template's content is inert: reading an answer's words runs and loads nothing.
function textOf(card) {
  if (card.text === undefined) {
    const box = document.createElement("template");
    box.innerHTML = card.html || "";
    card.text = box.content.textContent;
  }
  return card.text;
}

// --- comparing ------------------------------------------------------------------------------------------------------

function passes(place) {
  const question = data.questions[place];
  const cards = data.cards[place].filter((_, model) => chosen.has(model));
  const words = $("words").value.trim().toLowerCase();
  const status = $("status").value;
  if ($("tag").value && !question.tags.includes($("tag").value)) return false;
  if (words && ![question.text, question.id, ...cards.map(textOf)].some((t) => t.toLowerCase().includes(words))) return false;
  if (status === "truncated") return cards.some((card) => card.status === "truncated");
  if (status === "error") return cards.some((card) => card.status === "error" || card.status === "missing");
  if (status === "wrong") return cards.some((card) => card.marks.some((mark) => mark.good === false));
  if (status === "differ") return new Set(cards.flatMap((card) => card.marks.filter((m) => m.label.startsWith("chose ")).map((m) => m.label))).size > 1;
  return true;
}

function filter() {
  const before = shown[current];
  shown = data.questions.map((_, place) => place).filter(passes);
  current = Math.max(0, shown.indexOf(before));
  $("count").textContent = `${shown.length} of ${data.questions.length} questions`;
  $("questions").replaceChildren(...shown.map((place, index) => {
    const question = data.questions[place];
    const button = make("button", { type: "button", text: `${question.number}. ${question.text}` });
    button.addEventListener("click", () => { current = index; show(); });
    return make("li", {}, button);
  }));
  show();
}

function show() {
  $("previous").disabled = current <= 0;
  $("next").disabled = current >= shown.length - 1;
  [...$("questions").querySelectorAll("button")].forEach((button, index) => button.setAttribute("aria-current", index === current));
  if (!shown.length) {
    $("question").replaceChildren(make("p", { text: "No question passes the filter." }));
    $("cards").replaceChildren();
    return;
  }
  const place = shown[current];
  $("question").replaceChildren(...questionParts(data.questions[place], true));
  $("cards").replaceChildren(...data.cards[place].map((card, model) => chosen.has(model) && cardOf(card, data.models[model])).filter(Boolean));
}

function questionParts(question, withReference) {
  const parts = [make("p", { class: "number", text: `Question ${question.number}${question.id === String(question.number) ? "" : ` · ${question.id}`}` })];
  parts.push(make("div", { class: "answer", html: question.html }));
  if (question.choices.length) parts.push(make("ul", { class: "choices" }, ...question.choices.map(([letter, text]) => make("li", { text: `${letter}. ${text}` }))));
  parts.push(...question.tags.map((tag) => make("span", { class: "tag", text: tag })));
  if (withReference && question.references.length) parts.push(make("p", { class: "reference", text: `Reference: ${question.references.join(" / ")}` }));
  return parts;
}

function bodyOf(card) {
  return [
    card.note && make("p", { class: "note", text: card.note }),
    card.reason !== undefined && make("p", { class: "reason", text: card.reason }),
    card.vector && make("p", { text: card.vector }),
    card.html !== undefined && make("div", { class: "answer", html: card.html }),
  ].filter(Boolean);
}

function cardOf(card, model) {
  const facts = card.facts.map(([name, value]) => `${name}: ${value}`).join(" · ");
  return make("article", { class: `card ${card.status}` },
    make("h2", { text: model.name }),
    ...card.marks.map((mark) => make("span", { class: `mark ${mark.good === true ? "good" : mark.good === false ? "bad" : ""}`, text: mark.label })),
    ...bodyOf(card),
    facts && make("p", { class: "facts", text: facts }));
}

function turn(step) {
  if (current + step >= 0 && current + step < shown.length) { current += step; show(); }
}

function modelBoxes() {
  $("models").replaceChildren(...data.models.map((model, place) => {
    const box = make("input", { type: "checkbox" });
    box.checked = true;
    box.addEventListener("change", () => { box.checked ? chosen.add(place) : chosen.delete(place); filter(); });
    return make("label", {}, box, ` ${model.name}`);
  }));
}

function scoreTable() {
  const rows = data.models.flatMap((model) => model.scores.map((s) => [model.name, s.measure, s.mean.toFixed(3), `${s.low.toFixed(3)} to ${s.high.toFixed(3)}`, s.n]));
  $("scores").hidden = !rows.length;
  $("scores").querySelector("tbody").replaceChildren(...rows.map((row) => make("tr", {}, ...row.map((value) => make("td", { text: value })))));
}

// --- rating blinded -------------------------------------------------------------------------------------------------

let pairs = [], ratings = [], rater = "", since = 0, unsaved = false;

// FNV-1a: the order of pairs and sides depends on the rater's name alone, so that a reload shows the same.
function hash(text) {
  let value = 0x811c9dc5;
  for (const unit of text) value = Math.imul(value ^ unit.codePointAt(0), 0x01000193) >>> 0;
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) >>> 0;
  return (value ^ (value >>> 13)) >>> 0;
}

function makePairs() {
  const found = [];
  for (const place of shown) {
    const models = [...chosen].filter((model) => data.cards[place][model].answer).sort((a, b) => a - b);
    models.forEach((one, index) => models.slice(index + 1).forEach((two) => {
      // Two models may say the very same; there is nothing to prefer.
      if (data.cards[place][one].answer === data.cards[place][two].answer) return;
      const seed = `${rater}|${data.questions[place].key}|${data.models[one].folder}|${data.models[two].folder}`;
      const [left, right] = hash(`side|${seed}`) % 2 ? [one, two] : [two, one];
      found.push({ place, left, right, order: hash(`order|${seed}`) });
    }));
  }
  return found.sort((a, b) => a.order - b.order);
}

const nameOf = (pair) => `${data.questions[pair.place].key}|${[data.models[pair.left].folder, data.models[pair.right].folder].sort().join("|")}`;
const store = () => `ratings-${data.key}-${rater}`;

function begin(event) {
  event.preventDefault();
  rater = $("rater").value.trim();
  if (!rater) return;
  try { ratings = JSON.parse(localStorage.getItem(store()) || "[]"); } catch { ratings = []; }
  pairs = makePairs();
  $("who").hidden = true;
  $("rating").hidden = false;
  showPair();
}

function openPair() {
  const rated = new Map(ratings.map((row) => [row.pair, row]));
  return pairs.find((pair) => {
    const row = rated.get(nameOf(pair));
    const side = (model) => row[row.left === data.models[model].folder ? "left_answer" : "right_answer"];
    // An answer that has changed since is to be rated again.
    return !row || [pair.left, pair.right].some((model) => side(model) !== data.cards[pair.place][model].answer);
  });
}

function showPair() {
  const pair = openPair();
  const mine = new Set(pairs.map(nameOf));
  const count = new Set(ratings.map((row) => row.pair).filter((name) => mine.has(name))).size;
  $("progress").textContent = pairs.length ? `${count} of ${pairs.length} pairs rated` : "There is no pair of answers to rate under this filter.";
  document.querySelectorAll("[data-rating]").forEach((button) => { button.disabled = !pair; });
  $("undo").disabled = !ratings.length;
  $("save").disabled = !ratings.length;
  $("done").hidden = Boolean(pair) || !pairs.length;
  document.querySelector(".pair").hidden = !pair;
  $("blind-question").hidden = !pair;
  if (!pair) return;
  $("blind-question").replaceChildren(...questionParts(data.questions[pair.place], true));
  $("left").replaceChildren(...bodyOf(data.cards[pair.place][pair.left]));
  $("right").replaceChildren(...bodyOf(data.cards[pair.place][pair.right]));
  since = Date.now();
  window.scrollTo(0, 0);
}

function rate(rating) {
  const pair = openPair();
  if (!pair) return;
  const question = data.questions[pair.place], cards = data.cards[pair.place];
  const side = (model) => data.models[model].folder;
  ratings = ratings.filter((row) => row.pair !== nameOf(pair));
  ratings.push({
    pair: nameOf(pair), rater, question_key: question.key, number: question.number, rating,
    left: side(pair.left), right: side(pair.right),
    left_answer: cards[pair.left].answer, right_answer: cards[pair.right].answer,
    seconds: Math.round((Date.now() - since) / 100) / 10, date: new Date().toISOString(),
  });
  keep();
  showPair();
}

function keep() {
  unsaved = true;
  // A browser may refuse storage to a file; the ratings then live until the page is closed.
  try { localStorage.setItem(store(), JSON.stringify(ratings)); } catch { /* kept in memory */ }
}

function undo() {
  if (!ratings.length) return;
  ratings.pop();
  $("wins").hidden = true;
  keep();
  showPair();
}

function save() {
  const lines = ratings.map(({ pair, ...row }) => JSON.stringify(row) + "\n").join("");
  const link = make("a", { href: URL.createObjectURL(new Blob([lines], { type: "application/x-ndjson" })), download: `ratings-${rater.replace(/[^\w-]/g, "_")}.jsonl` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  unsaved = false;
}

function reveal() {
  const wins = new Map(data.models.map((model) => [model.folder, [0, 0, 0]]));
  for (const row of ratings) {
    if (!wins.has(row.left) || !wins.has(row.right)) continue;
    const level = { left: [0, 2], right: [2, 0] }[row.rating] || [1, 1];
    wins.get(row.left)[level[0]] += 1;
    wins.get(row.right)[level[1]] += 1;
  }
  $("wins").tBodies[0].replaceChildren(...data.models.filter((model) => wins.get(model.folder).some(Boolean)).map((model) =>
    make("tr", {}, make("td", { text: model.name }), ...wins.get(model.folder).map((count) => make("td", { text: count })))));
  $("wins").hidden = false;
}

function mode(blind) {
  $("browse").hidden = blind;
  $("blind").hidden = !blind;
  $("who").hidden = false;
  $("rating").hidden = true;
  $("wins").hidden = true;
  $("mode-blind").setAttribute("aria-pressed", blind);
  $("mode-browse").setAttribute("aria-pressed", !blind);
  // Names must not stand in the page while somebody rates.
  $("summary").textContent = blind ? "" : `${data.questions.length} questions · ${data.models.length} models`;
  if (blind) { $("cards").replaceChildren(); $("models").replaceChildren(); $("scores").querySelector("tbody").replaceChildren(); $("wins").tBodies[0].replaceChildren(); $("rater").focus(); }
  else { redrawBoxes(); scoreTable(); filter(); }
}

function redrawBoxes() {
  modelBoxes();
  [...$("models").querySelectorAll("input")].forEach((box, place) => { box.checked = chosen.has(place); });
}

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!$("rating").hidden) {
    const rating = { 1: "left", 2: "right", 3: "tie", 4: "neither" }[event.key];
    if (rating) rate(rating);
    else if (event.key === "u") undo();
    else if (event.key === "s") save();
  } else if (!$("browse").hidden) {
    if (event.key === "ArrowRight") turn(1);
    if (event.key === "ArrowLeft") turn(-1);
  }
});
window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
$("previous").addEventListener("click", () => turn(-1));
$("next").addEventListener("click", () => turn(1));
$("mode-browse").addEventListener("click", () => mode(false));
$("mode-blind").addEventListener("click", () => mode(true));
$("who").addEventListener("submit", begin);
$("undo").addEventListener("click", undo);
$("save").addEventListener("click", save);
$("reveal").addEventListener("click", reveal);
document.querySelectorAll("[data-rating]").forEach((button) => button.addEventListener("click", () => rate(button.dataset.rating)));
$("words").addEventListener("input", filter);
["tag", "status"].forEach((id) => $(id).addEventListener("change", filter));
[...new Set(data.questions.flatMap((question) => question.tags))].sort().forEach((tag) => $("tag").append(make("option", { value: tag, text: tag })));
if (window.matchMedia("(max-width: 50rem)").matches) $("filters").open = false;
mode(false);
