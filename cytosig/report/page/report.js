"use strict";
(() => {
  const PAGE = 15; // rows, as many as are in the page without a script
  const LONG = 36; // letters of a cell that stay in one line
  const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const say = (text) => { document.getElementById("said").textContent = text; };
  const element = (name, properties = {}) => Object.assign(document.createElement(name), properties);

  // --- tables ---------------------------------------------------------------------------------

  const unpack = async (letters) => {
    if (!("DecompressionStream" in window)) throw new Error("This browser is too old for it.");
    const packed = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).blob();
  };

  // Cells of a tab-separated text; a quoted one may hold tabs, quotes and lines.
  const parse = (text) => {
    const rows = [];
    let row = [], at = 0;
    while (at < text.length) {
      let cell;
      if (text[at] === '"') {
        let end = at + 1;
        while (text[end] !== '"' || text[end + 1] === '"') end += text[end] === '"' ? 2 : 1;
        cell = text.slice(at + 1, end).replaceAll('""', '"');
        at = end + 1;
      } else {
        let end = at;
        while (end < text.length && text[end] !== "\t" && text[end] !== "\n") end += 1;
        cell = text.slice(at, end);
        at = end;
      }
      row.push(cell);
      if (text[at] !== "\t") { rows.push(row); row = []; } else if (at + 1 === text.length) row.push("");
      at += 1;
    }
    return rows;
  };

  // Text that a spreadsheet would run has an apostrophe in front, in the file only.
  const value = (cell, column) => column.kind === "text" ? cell.replace(/^'(?=[=+\-@\t\r])/, "")
    : cell === "" ? NaN : cell === "inf" ? Infinity : cell === "-inf" ? -Infinity : Number(cell);

  const shown = (found, column) => {
    if (column.kind === "text") return found;
    if (Number.isNaN(found)) return "–";
    if (!Number.isFinite(found)) return found < 0 ? "−∞" : "∞";
    if (column.kind === "number") return found.toFixed(column.decimals).replace(/^-([0.]+)$/, "$1").replace("-", "−");
    if (found === 0) return "0";
    if (found < 0.001) return found.toExponential(1);
    return found.toFixed(Math.max(1 - Math.floor(Math.log10(found)), 1));
  };

  const compare = {
    "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
    "=": (a, b) => a === b,
  };

  // One test of a row: "q<0.05" asks a column, anything else is looked for in all of them.
  const test = (word, columns) => {
    const [, name, sign, wanted] = /^([^<>=]+)(<=|>=|<|>|=)(.+)$/.exec(word) ?? [];
    const place = columns.findIndex((c) => c.name === name || c.label.replaceAll(" ", "_") === name);
    if (place < 0) return (row) => row.some((cell, k) => shown(cell, columns[k]).toLowerCase().includes(word));
    if (columns[place].kind === "text") return (row) => compare[sign](row[place].toLowerCase(), wanted);
    return (row) => compare[sign](row[place], Number(wanted.replace("−", "-")));
  };

  const setUp = (box) => {
    const spec = JSON.parse(box.querySelector(":scope > script").textContent);
    const part = (selector) => box.querySelector(`:scope > ${selector}`);
    const [head, body] = [part(".scroll thead tr"), part(".scroll tbody")];
    const [back, on, count] = [part(".pages .back"), part(".pages .on"), part(".pages .count")];
    const [find, all] = [part(".tools input"), part(".tools .all")];
    let by = spec.columns.findIndex((c) => spec.order && c.name === spec.order.by);
    let down = spec.order ? spec.order.down : false, page = 0, file, rows;
    const every = spec.columns.map((column, k) => [column, k]);
    const first = every.filter(([column]) => column.place).sort(([a], [b]) => a.place - b.place);
    const isAll = () => all.getAttribute("aria-pressed") === "true";
    const columns = () => isAll() ? every : first;

    const read = async () => {
      file ??= unpack(spec.data);
      rows ??= parse(await (await file).text()).slice(1).map((r) => r.map((c, k) => value(c, spec.columns[k])));
      return rows;
    };

    const chosen = () => {
      const tests = (find.value.toLowerCase().match(/"[^"]*"|\S+/g) ?? [])
        .map((word) => test(word.replaceAll('"', ""), spec.columns));
      const found = rows.filter((row) => tests.every((holds) => holds(row)));
      if (by < 0) return found;
      const isText = spec.columns[by].kind === "text";
      const missing = (cell) => isText ? cell === "" : Number.isNaN(cell);
      return found.sort((one, other) => {
        const [a, b] = [one[by], other[by]];
        if (missing(a) || missing(b)) return missing(a) - missing(b);
        return (isText ? words.compare(a, b) : a - b || 0) * (down ? -1 : 1);
      });
    };

    const sorted = (k) => k !== by ? "none" : down ? "descending" : "ascending";

    const drawHead = () => head.replaceChildren(...columns().map(([column, k]) => {
      const cell = element("th", { scope: "col", className: column.kind });
      cell.setAttribute("aria-sort", sorted(k));
      const button = element("button", { type: "button", textContent: column.label, title: column.help });
      cell.append(button);
      return cell;
    }));

    const drawCell = (found, column) => {
      const text = shown(found, column), cell = element("td", { className: column.kind });
      if (text.length > LONG) cell.append(element("div", { className: "long", title: text, textContent: text }));
      else cell.textContent = text;
      return cell;
    };

    const draw = async () => {
      try { await read(); } catch (error) { count.textContent = `The table could not be read. ${error.message}`; return; }
      const found = chosen(), pages = Math.max(1, Math.ceil(found.length / PAGE));
      page = Math.min(Math.max(page, 0), pages - 1);
      body.replaceChildren(...found.slice(page * PAGE, (page + 1) * PAGE).map((row) => {
        const line = element("tr");
        line.append(...columns().map(([column, k]) => drawCell(row[k], column)));
        return line;
      }));
      [...head.children].forEach((cell, place) => {
        cell.setAttribute("aria-sort", sorted(columns()[place][1]));
      });
      const last = Math.min((page + 1) * PAGE, found.length), of = found.length.toLocaleString("en");
      const part = find.value.trim() ? ` found among ${rows.length.toLocaleString("en")}` : "";
      count.textContent = found.length ? `Rows ${page * PAGE + 1} to ${last} of ${of}${part}` : `No row${part}`;
      [back.hidden, on.hidden] = [pages === 1, pages === 1];
      [back.disabled, on.disabled] = [page === 0, page === pages - 1];
      say(count.textContent);
    };

    head.addEventListener("click", (event) => {
      const cell = event.target.closest("th");
      if (!cell) return;
      const k = columns()[[...head.children].indexOf(cell)][1];
      [by, down, page] = [k, k === by && !down, 0];
      draw();
    });
    let waiting;
    find.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => { page = 0; draw(); }, 120); });
    back.addEventListener("click", () => { page -= 1; draw(); });
    on.addEventListener("click", () => { page += 1; draw(); });
    all.addEventListener("click", () => {
      all.setAttribute("aria-pressed", String(!isAll()));
      drawHead();
      draw();
    });
    part(".tools .save").addEventListener("click", async () => {
      file ??= unpack(spec.data);
      const link = element("a", { href: URL.createObjectURL(await file), download: `${spec.name.replace(/[^\w.-]+/g, "_")}.tsv` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });
    part(".tools").hidden = false;
    all.hidden = first.length === every.length;
    [back.hidden, on.hidden, back.disabled] = [spec.rows <= PAGE, spec.rows <= PAGE, true];
    if (!box.open) box.addEventListener("toggle", () => { if (!rows) draw(); }, { once: true });
  };

  // --- texts of marks -------------------------------------------------------------------------

  const tip = document.getElementById("tip"), texts = new WeakMap();

  const show = (mark, x, y) => {
    tip.textContent = texts.get(mark);
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 8))}px`;
    tip.style.top = `${y + 16 + box.height > innerHeight ? Math.max(4, y - box.height - 12) : y + 16}px`;
  };
  const hide = () => { tip.hidden = true; };

  const listen = (card) => {
    const marks = [...card.querySelectorAll(".mark")];
    for (const mark of marks) {
      const title = mark.querySelector(":scope > title");
      texts.set(mark, title.textContent);
      mark.setAttribute("aria-label", title.textContent);
      title.remove(); // or the browser would show it, too
    }
    if (!marks.length) return;
    let at = -1;
    const leave = () => { marks[at]?.classList.remove("at"); at = -1; hide(); };
    card.addEventListener("pointermove", (event) => {
      const mark = event.target.closest(".mark");
      if (mark) show(mark, event.clientX, event.clientY); else hide();
    });
    card.addEventListener("pointerleave", hide);
    card.addEventListener("blur", leave);
    card.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") leave();
      if (!step) return;
      event.preventDefault();
      marks[at]?.classList.remove("at");
      at = (at + step + marks.length + (at < 0 && step < 0 ? 1 : 0)) % marks.length;
      marks[at].classList.add("at");
      marks[at].scrollIntoView({ block: "nearest", inline: "nearest" });
      const box = marks[at].getBoundingClientRect();
      show(marks[at], box.right, box.bottom);
      say(tip.textContent);
    });
  };

  // --- where in the page ----------------------------------------------------------------------

  const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.hash.slice(1), a]));
  links.values().next().value?.setAttribute("aria-current", "location");
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((e) => e.isIntersecting)) {
      links.forEach((a) => a.removeAttribute("aria-current"));
      links.get(entry.target.id)?.setAttribute("aria-current", "location");
    }
  }, { rootMargin: "-10% 0px -85% 0px" });

  document.querySelectorAll("details.table > script").forEach((data) => setUp(data.parentElement));
  document.querySelectorAll(".card").forEach(listen);
  document.querySelectorAll("main > section").forEach((section) => watch.observe(section));
  addEventListener("scroll", hide, { passive: true, capture: true });
})();
