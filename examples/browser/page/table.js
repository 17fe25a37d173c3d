// The table of files: a page of it at a time, searched by path, ID and reason.

import {
  FORMATS,
  STATUSES,
  bytesText,
  counted,
  detailsText,
  numberText,
  reasonText,
  visible,
} from "./text.js";

/** The number of rows of a page: enough to browse, and few enough to lay out at once. */
const PAGE = 100;

/** The table, over the elements of the page. */
export class Table {
  #elements;
  #rows = [];
  #matches = [];
  #first = 0;

  constructor(element) {
    const names = [
      "search",
      "status",
      "count",
      "rows",
      "pages",
      "page",
      "previous",
      "next",
      "table-region",
    ];
    this.#elements = Object.fromEntries(names.map((name) => [name, element(name)]));
    const { search, status, previous, next } = this.#elements;
    search.addEventListener("input", () => this.#filter());
    status.addEventListener("change", () => this.#filter());
    previous.addEventListener("click", () => this.#turn(-PAGE));
    next.addEventListener("click", () => this.#turn(PAGE));
  }

  get isEmpty() {
    return this.#rows.length === 0;
  }

  /** Removes all rows, and what was searched for. */
  clear() {
    this.#rows = [];
    this.#elements.search.value = "";
    this.#elements.status.value = "";
  }

  /** Adds rows, without showing them. */
  add(rows) {
    for (const row of rows) {
      this.#rows.push(row);
    }
  }

  /**
   * Gives the rows of these paths the status and message of the rows in `changes`, and resets the
   * others.
   */
  mark(changes) {
    const byPath = new Map(changes.map((row) => [row.path, row]));
    for (const row of this.#rows) {
      const change = byPath.get(row.path);
      if (change !== undefined && row.status !== "skipped") {
        Object.assign(row, { status: change.status, message: change.message, text: undefined });
        byPath.delete(row.path);
      } else if (row.status === "not-restored") {
        Object.assign(row, { status: "backed-up", message: undefined, text: undefined });
      }
    }
    this.add([...byPath.values()]);
  }

  /** Shows the rows of a status, or all of them. */
  show(status = "") {
    const counts = new Map();
    for (const row of this.#rows) {
      counts.set(row.status, (counts.get(row.status) ?? 0) + 1);
    }
    const options = [option("", `all files (${numberText(this.#rows.length)})`)];
    for (const [name, text] of Object.entries(STATUSES).filter(([name]) => counts.has(name))) {
      options.push(option(name, `${text} (${numberText(counts.get(name))})`));
    }
    this.#elements.status.replaceChildren(...options);
    this.#elements.status.value = status;
    this.#filter();
  }

  #filter() {
    const text = this.#elements.search.value.trim().toLowerCase();
    const status = this.#elements.status.value;
    this.#matches = this.#rows.filter(
      (row) => (status === "" || row.status === status) && searchText(row).includes(text),
    );
    this.#first = 0;
    this.#elements.count.textContent =
      this.#matches.length === this.#rows.length
        ? counted(this.#rows.length, "file")
        : `${numberText(this.#matches.length)} of ${counted(this.#rows.length, "file")}`;
    this.#render();
  }

  /** Turns to the page that begins `rows` rows later, if there is one. */
  #turn(rows) {
    const first = this.#first + rows;
    if (first < 0 || first >= this.#matches.length) {
      return;
    }
    this.#first = first;
    this.#render();
    this.#elements["table-region"].scrollIntoView({ block: "start" });
  }

  #render() {
    const { rows, pages, page, previous, next } = this.#elements;
    const matches = this.#matches.length;
    const last = Math.min(this.#first + PAGE, matches);
    rows.replaceChildren(...this.#matches.slice(this.#first, last).map(rowElement));
    pages.hidden = matches <= PAGE;
    const [from, to, of] = [this.#first + 1, last, matches].map(numberText);
    page.textContent = `${from} to ${to} of ${of}`;
    // Not `disabled`, which would take the focus from the button that was used last.
    previous.setAttribute("aria-disabled", this.#first === 0);
    next.setAttribute("aria-disabled", last === matches);
  }
}

/** Returns the text of a row in which the search looks. */
function searchText(row) {
  row.text ??= [row.path, row.reason, reasonText(row), detailsText(row), FORMATS[row.format]]
    .join("\n")
    .toLowerCase();
  return row.text;
}

function option(value, text) {
  return Object.assign(document.createElement("option"), { value, textContent: text });
}

/** Returns an element with a text, in which nothing is HTML. */
function element(name, className, text) {
  return Object.assign(document.createElement(name), { className, textContent: visible(text) });
}

function cell(className, ...children) {
  const cell = document.createElement("td");
  cell.setAttribute("role", "cell");
  cell.className = className;
  cell.append(...children);
  return cell;
}

function rowElement(row) {
  const tr = document.createElement("tr");
  tr.setAttribute("role", "row");
  const details = detailsText(row);
  const reason = reasonText(row);
  tr.append(
    cell(
      "path",
      element("span", "", row.path),
      ...(details === "" ? [] : [element("small", "", details)]),
    ),
    cell(
      "status",
      element("span", `badge ${row.status}`, STATUSES[row.status]),
      ...(reason === "" ? [] : [element("small", "", reason)]),
    ),
    cell("format", FORMATS[row.format] ?? "–"),
    cell("number", row.size === undefined ? "–" : bytesText(row.size)),
  );
  return tr;
}
