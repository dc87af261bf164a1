"use strict";
// The lists: sorting, finding, and trying a detector on a recording. What names hold is set as text, never as markup.
(() => {
  const $ = (id) => document.getElementById(id);
  function make(name, properties = {}, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  }

  // ---- Tables sort by the column whose heading is clicked: numbers by value, the best first; what is missing last.
  for (const head of document.querySelectorAll("th[aria-sort]")) {
    head.addEventListener("click", () => {
      const table = head.closest("table"), column = head.cellIndex, isNumber = head.classList.contains("number");
      const before = head.ariaSort, down = before === "none" ? isNumber : before === "ascending";
      for (const other of table.querySelectorAll("th[aria-sort]")) other.ariaSort = "none";
      head.ariaSort = down ? "descending" : "ascending";
      const value = (row) => {
        const text = row.cells[column].textContent.trim(), number = parseFloat(text);
        return isNumber ? number : text === "–" || text === "" ? NaN : text;
      };
      const order = (a, b) => {
        if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
        const sign = down ? -1 : 1;
        return sign * (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
      };
      const body = table.tBodies[0];
      body.append(...[...body.rows].sort((a, b) => order(value(a), value(b))));
    });
  }

  const runs = $("runs");
  if (runs) {
    const ticked = () => [...runs.querySelectorAll("input:checked")].length;
    const show = () => {
      const words = $("find").value.toLowerCase().split(/\s+/);
      let n = 0;
      for (const row of runs.tBodies[0].rows) {
        row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
        n += !row.hidden;
      }
      $("count").textContent = `${n} of ${runs.tBodies[0].rows.length} runs shown, ${ticked()} ticked`;
      $("compare").disabled = !ticked();
    };
    $("find").addEventListener("input", show);
    runs.addEventListener("change", show);
    $("find").addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    show();
  }

  // ---- Runs that train: their losses are drawn anew every few seconds, for as long as the page is in sight.
  const SVG = "http://www.w3.org/2000/svg", WIDTH = 240, HEIGHT = 60, MARGIN = 4;
  function drawing(name, properties, ...children) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(properties)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }
  function curves({ training, validation, best, monitor }) {
    const all = [...training, ...validation], low = Math.min(...all), high = Math.max(...all);
    const x = (index) => MARGIN + (WIDTH - 2 * MARGIN) * (training.length < 2 ? 0.5 : index / (training.length - 1));
    const y = (loss) => MARGIN + (HEIGHT - 2 * MARGIN) * (high > low ? (high - loss) / (high - low) : 0.5);
    const line = (losses, kind) => drawing("polyline", { class: kind, points: losses.map((loss, index) => `${x(index)},${y(loss)}`).join(" ") });
    const last = `training loss ${training.at(-1).toPrecision(3)}, validation loss ${validation.at(-1).toPrecision(3)}; kept so far: epoch ${best}, by validation ${monitor}`;
    const picture = drawing("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": last }, line(training, "of-training"), line(validation, "of-validation"),
      drawing("circle", { class: "of-validation", cx: x(best - 1), cy: y(validation[best - 1]), r: 3 }));
    return [picture, make("span", { className: "soft", textContent: last })];
  }
  const ended = new Set();
  let before = new Set();
  async function watch() {
    if (!document.hidden) {
      const answer = await fetch("training"), courses = await answer.json();
      if (answer.ok) {
        const now = new Set(courses.map((course) => course.name));
        for (const name of before) if (!now.has(name)) ended.add(name);
        for (const name of now) ended.delete(name);
        before = now;
        const items = courses.map((course) => make("li", {}, make("bdi", { className: "name", textContent: course.name }), make("span", { textContent: course.state }),
          ...course.training.length ? curves(course) : []));
        const over = [...ended].map((name) => make("li", {}, make("bdi", { className: "name", textContent: name }), make("span", { textContent: "has ended" }), make("a", { href: "", textContent: "show its scores" })));
        $("courses").replaceChildren(...items, ...over);
        $("training").hidden = !items.length && !over.length;
      }
    }
    setTimeout(watchAgain, 3000);
  }
  const watchAgain = () => watch().catch(() => setTimeout(watchAgain, 3000));  // the server may have stopped
  if ($("training")) watchAgain();

  // ---- Trials.
  if (!$("drop")) return;
  const problem = (text) => {
    $("problem").textContent = text;
    $("problem").hidden = !text;
  };
  async function follow(item) {
    const key = item.dataset.trial, state = item.querySelector(".state");
    for (;;) {
      const answer = await fetch(`trial/${key}`), { state: now, share, message } = await answer.json();
      if (!answer.ok || now === "failed") {
        state.replaceChildren(make("span", { className: "message", textContent: message }));
        return;
      }
      if (now === "done") {
        state.replaceChildren(make("a", { href: `listen/${key}/`, textContent: "look and listen" }));
        return;
      }
      const bar = make("progress", share ? { value: share } : {});
      state.replaceChildren(bar, now === "waiting" ? " waits for the one before" : share ? ` ${Math.round(100 * share)} %` : " loads the detector");
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
  async function begin(name, query, body) {
    problem("");
    const detector = $("detector");
    const item = make("li", {}, make("span", { className: "name", textContent: name }), " ",
      make("span", { className: "soft", textContent: detector.selectedOptions[0].textContent }), " ", make("span", { className: "state", textContent: "is read" }));
    $("trials").prepend(item);
    const answer = await fetch(`try?${new URLSearchParams({ detector: detector.value, ...query })}`, { method: "POST", body });
    const { trial, message } = await answer.json();
    if (!answer.ok) {
      item.remove();
      problem(message);
      return;
    }
    item.dataset.trial = trial;
    await follow(item);
  }
  const beginAll = (files) => { for (const file of files) begin(file.name, { name: file.name }, file).catch((error) => problem(`${file.name}: ${error.message}`)); };
  $("file").addEventListener("change", () => { beginAll($("file").files); $("file").value = ""; });
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      $("drop").classList.toggle("over", name === "dragover");
      if (name === "drop") beginAll(event.dataTransfer.files);
    });
  }
  document.addEventListener("click", (event) => {
    const { recording } = event.target.dataset;
    if (recording) begin(event.target.parentElement.querySelector("bdi").textContent, { recording }).catch((error) => problem(error.message));
  });
  for (const item of document.querySelectorAll("[data-trial]")) follow(item).catch((error) => problem(error.message));
})();
