
"use strict";
// Sorts, filters and pages the units. Only the rows of one page are in the document.
const PAGE = 200;
const NUMBERS = new Set([0, 4, 5, 7, 8]);
const units = JSON.parse(document.getElementById("data").textContent);
const rows = document.getElementById("rows");
const headers = [...document.querySelectorAll("thead th")];
const search = document.getElementById("search");
const state = document.getElementById("state");
const collator = new Intl.Collator("en", { numeric: true });
const texts = units.map((unit) => `${unit[1]}\n${unit[3]}\n${unit[6]}`.toLowerCase());
let order = units.map((_, index) => index);
let shown = order;
let page = 0;

function duration(milliseconds) {
  if (milliseconds === null) return "";
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

function size(bytes) {
  if (bytes === null) return "";
  const names = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let step = 0;
  for (; bytes >= 1024 && step < names.length - 1; step += 1) bytes /= 1024;
  return `${step ? bytes.toFixed(1) : bytes} ${names[step]}`;
}

function cell(unit, column) {
  const value = unit[column];
  const cell = document.createElement("td");
  if (column === 4) cell.textContent = duration(value);
  else if (column === 8) cell.textContent = size(value);
  else cell.textContent = value ?? "";
  if (NUMBERS.has(column)) cell.className = "number";
  else if (column === 1) cell.className = "path";
  else if (column === 2) cell.className = value === "good" ? "good" : "bad";
  else if (column === 3) cell.className = "message";
  return cell;
}

function show() {
  const pages = Math.max(1, Math.ceil(shown.length / PAGE));
  page = Math.min(page, pages - 1);
  const part = shown.slice(page * PAGE, (page + 1) * PAGE);
  rows.replaceChildren(...part.map((index) => {
    const row = document.createElement("tr");
    row.append(...headers.map((_, column) => cell(units[index], column)));
    return row;
  }));
  document.getElementById("count").textContent = `${shown.length} of ${units.length} units`;
  document.getElementById("page").textContent = `Page ${page + 1} of ${pages}`;
  document.getElementById("previous").disabled = page === 0;
  document.getElementById("next").disabled = page === pages - 1;
  document.getElementById("pages").hidden = pages === 1;
}

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  shown = order.filter((index) => {
    const has = state.value === "" || (state.value === "bad" ? units[index][2] !== "good" : units[index][2] === state.value);
    return has && words.every((word) => texts[index].includes(word));
  });
  page = 0;
  show();
}

function sort(column) {
  const ascending = headers[column].getAttribute("aria-sort") !== "ascending";
  for (const header of headers) header.setAttribute("aria-sort", "none");
  headers[column].setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const compare = (one, other) => {
    const [a, b] = [units[one][column], units[other][column]];
    // Units without a value are last in both directions.
    if (a === null || b === null) return (a === null) - (b === null) || one - other;
    const difference = NUMBERS.has(column) ? a - b : collator.compare(a, b);
    return (ascending ? difference : -difference) || one - other;
  };
  order.sort(compare);
  filter();
}

headers.forEach((header, column) => {
  header.querySelector("button").addEventListener("click", () => sort(column));
});
const states = [...new Set(units.map((unit) => unit[2]))].sort();
for (const [value, text] of [["", "all"], ["bad", "without a good backup"], ...states.map((name) => [name, name])]) {
  state.append(new Option(text, value));
}
search.addEventListener("input", filter);
state.addEventListener("change", filter);
document.getElementById("filter").addEventListener("submit", (event) => event.preventDefault());
document.getElementById("previous").addEventListener("click", () => { page -= 1; show(); });
document.getElementById("next").addEventListener("click", () => { page += 1; show(); });
document.getElementById("filter").hidden = false;
// The units that somebody has to look at come first.
if (states.some((name) => name !== "good")) state.value = "bad";
headers[0].setAttribute("aria-sort", "ascending");
filter();
