// The page: everything that names hold is set as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { classes, recordings, slower } = data;
  const hasReference = recordings.some((recording) => recording.reference);
  const $ = (id) => document.getElementById(id);
  const colors = classes.map((_, i) => `hsl(${(205 + i * 137.508) % 360} ${i % 2 ? 62 : 78}% ${i % 3 === 2 ? 40 : 48}%)`);
  const MOST_TILES = 12; // drawn at once; beyond, pictures of longer pieces
  const AROUND = 0.5; // seconds that are played before and after an event
  const CHUNK = 60; // rows of the table that are added at a time
  const NOTABLE = 0.2; // probability from which a class has a lane even without an event

  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  for (const recording of recordings) {
    recording.edges = new Float64Array(bytes(recording.edges).buffer);
    const Numbers = recording.precision === 4 ? Float32Array : Float64Array;
    const values = new Numbers(bytes(recording.probabilities).buffer), n = recording.edges.length - 1;
    recording.probabilities = classes.map((_, label) => values.subarray(label * n, (label + 1) * n));
    recording.peaks = Float32Array.from(bytes(recording.peaks), (value) => value / 255);
  }

  // ---- What is decided: a decoder with the slider's threshold, as `sedpool detect --threshold` has it.
  let threshold = null; // null: as detected
  const decoderAt = (value) => value === null ? data.decoder : {
    ...data.decoder, threshold: classes.map(() => value), lowThreshold: classes.map(() => value),
  };
  function eventsAt(value) {
    return recordings.map((recording) => decode(recording, decoderAt(value), data.selection));
  }
  function countsOf(perRecording) {
    return classes.map((_, label) => {
      const total = { right: 0, annotated: 0, detected: 0 };
      recordings.forEach((recording, i) => {
        if (!recording.reference) return;
        for (const key in total) total[key] += perRecording[i].counts[label][key];
      });
      return total;
    });
  }
  const judgeAll = (events) => recordings.map((recording, i) =>
    recording.reference && judge(recording, events[i], data.criteria, classes.length));
  const pooled = (counts) => counts.reduce((a, b) => ({
    right: a.right + b.right, annotated: a.annotated + b.annotated, detected: a.detected + b.detected }),
    { right: 0, annotated: 0, detected: 0 });

  let events = [], judged = [], entries = [], shown = [], chosen = null, current = 0;

  function redecide() {
    events = eventsAt(threshold);
    judged = judgeAll(events);
    entries = [];
    recordings.forEach((recording, index) => {
      events[index].forEach((event, i) => entries.push({
        ...event, index, kind: "detected", outcome: judged[index]?.detected[i] ?? "" }));
      (recording.reference ?? []).forEach((event, i) => {
        const outcome = judged[index].annotated[i];
        if (outcome !== "hit") entries.push({ ...event, index, kind: "reference", outcome, confidence: highest(recording, event) });
      });
    });
    showSummary();
    showScores();
    showRows();
    showLanes();
  }
  function highest(recording, event) {
    const { edges } = recording, values = recording.probabilities[event.label];
    let most = 0;
    for (let i = 0; i < values.length; i++) {
      if (edges[i] < event.offset && edges[i + 1] > event.onset) most = Math.max(most, values[i]);
    }
    return most;
  }

  // ---- Small parts.
  function make(name, properties = {}, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  }
  function breakable(name) { // a line may break after an underscore
    return name.split(/(?<=_)/).flatMap((part) => [part, make("wbr")]);
  }
  const isWrong = (outcome) => outcome === "miss" || outcome === "false alarm";
  const fixed = (value, digits) => value === null ? "–" : value.toFixed(digits);
  function clock(seconds, digits = 1) {
    const whole = Math.floor(seconds / 60);
    const rest = (seconds - 60 * whole).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
    return whole < 60 ? `${whole}:${rest}` : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}:${rest}`;
  }
  const count = (n, one, several) => `${n.toLocaleString("en")} ${n === 1 ? one : several ?? `${one}s`}`;

  // ---- The scores.
  function showSummary() {
    const seconds = recordings.reduce((sum, recording) => sum + recording.duration, 0);
    $("summary").textContent = `${count(recordings.length, "recording")} (${clock(seconds, 0)}) · ${count(events.flat().length, "event")} detected`
      + (hasReference ? `, ${count(recordings.reduce((sum, one) => sum + (one.reference?.length ?? 0), 0), "real event")} (the reference)` : "")
      + ` · ${count(classes.length, "class", "classes")}`;
  }
  function showScores() {
    const isOwn = threshold === null;
    const differ = new Set(data.decoder.threshold).size > 1;
    $("threshold-value").textContent = !isOwn ? threshold.toFixed(2) : differ ? "as tuned: one for each class"
      : `${+data.decoder.threshold[0].toFixed(3)} (as detected)`;
    $("reset").hidden = isOwn;
    if (isOwn) $("threshold").value = data.decoder.threshold.reduce((a, b) => a + b, 0) / classes.length;
    if (!hasReference) return;
    const counts = countsOf(judged), all = pooled(counts), rate = rates(all);
    const line = make("p", {},
      "Found ", make("b", { textContent: all.right }), ` of ${count(all.annotated, "real event")} (recall `,
      make("b", { textContent: fixed(rate.recall, 2) }), "); ",
      make("b", { textContent: all.right }), ` of ${count(all.detected, "detection")} right (precision `,
      make("b", { textContent: fixed(rate.precision, 2) }), "); together F1 ",
      make("b", { id: "f1", textContent: fixed(all.annotated ? rate.f1 : null, 3) }), ".");
    const { collar, offsetToleranceRatio } = data.criteria;
    const help = make("p", { textContent: "An event counts as found if a detection of its class begins within "
      + `${collar} s of it, and ends within ${collar} s or ${Math.round(offsetToleranceRatio * 100)} % of its length. F1 is 1 if everything is found and nothing else, 0 if nothing is.` });
    const body = make("tbody");
    classes.forEach((name, label) => {
      const own = counts[label], values = rates(own);
      if (!own.annotated && !own.detected) return;
      body.append(make("tr", {}, make("td", {}, dot(label), ...breakable(name)),
        ...[own.annotated, own.detected, own.right].map((n) => make("td", { className: "number", textContent: n })),
        ...[values.recall, values.precision, values.f1].map((n) => make("td", { className: "number", textContent: fixed(n, 2) }))));
    });
    const head = make("tr", {}, make("th", { textContent: "Class" }), ...["Real", "Detected", "Right", "Recall", "Precision", "F1"]
      .map((name) => make("th", { className: "number", textContent: name })));
    const wasOpen = $("scores").querySelector("details")?.open ?? false;
    const details = make("details", { open: wasOpen }, make("summary", { textContent: "Class by class, and what the numbers mean" }), help,
      make("div", { className: "scroll" }, make("table", {}, make("thead", {}, head), body)));
    $("scores").replaceChildren(line, details);
    $("scores").hidden = false;
  }
  function dot(label) {
    const mark = make("span", { className: "dot" });
    mark.style.setProperty("--color", colors[label]);
    return mark;
  }

  // ---- The list of events.
  const byTime = (a, b) => a.index - b.index || a.onset - b.onset || a.label - b.label;
  function showRows() {
    const label = $("class-filter").value, outcome = $("outcome-filter").value;
    const least = +$("least").value, most = $("most").value === "" ? 1 : +$("most").value;
    shown = entries.filter((entry) => (label === "" || entry.label === +label)
      && (outcome === "" || entry.outcome === outcome || (outcome === "wrong" && isWrong(entry.outcome)))
      && entry.confidence >= least && entry.confidence <= most);
    const badness = (entry) => entry.outcome === "false alarm" ? 2 + entry.confidence : entry.outcome === "miss" ? 3 - entry.confidence
      : entry.outcome === "not counted" ? 1 : -entry.confidence;
    const orders = { time: byTime, confident: (a, b) => b.confidence - a.confidence || byTime(a, b),
      worst: (a, b) => badness(b) - badness(a) || byTime(a, b) };
    shown.sort(orders[$("sort").value]);
    $("count").textContent = shown.length === entries.length ? count(entries.length, "event") + " in the list"
      : `${shown.length.toLocaleString("en")} of ${count(entries.length, "event")} in the list`;
    document.querySelector("#rows tbody").replaceChildren();
    $("rows").scrollTop = 0;
    if (chosen) chosen = shown.find((entry) => isSame(entry, chosen)) ?? null;
    addRows();
  }
  const isSame = (a, b) => a.index === b.index && a.label === b.label && a.kind === b.kind && Math.abs(a.onset - b.onset) < 1e-9;
  function addRows() {
    const body = document.querySelector("#rows tbody");
    for (const entry of shown.slice(body.rows.length, body.rows.length + CHUNK)) {
      const picture = make("canvas", { width: 168, height: 56 }), bar = make("i", { className: "bar-of-event" });
      const { from, length } = surroundings(entry);
      picture.entry = entry;
      pictures.observe(picture);
      bar.style.cssText = `left: ${(entry.onset - from) / length * 100}%; width: ${(entry.offset - entry.onset) / length * 100}%`;
      bar.style.setProperty("--color", colors[entry.label]);
      const row = make("tr", { ariaSelected: entry === chosen ? "true" : "false", tabIndex: -1 },
        make("td", { className: "picture" }, make("div", {}, picture, bar)),
        make("td", { className: "name" }, dot(entry.label), ...breakable(classes[entry.label]),
          make("small", { title: recordings[entry.index].name },
            make("span", { className: `outcome${isWrong(entry.outcome) ? " wrong" : ""}`, textContent: entry.outcome }),
            make("span", { className: "of" }, make("bdi", { textContent: recordings[entry.index].name })))),
        make("td", { className: "number", textContent: entry.confidence.toFixed(2) }),
        make("td", { className: "number" }, clock(entry.onset, 2), make("small", { textContent: `${(entry.offset - entry.onset).toFixed(2)} s` })));
      row.dataset.index = body.rows.length;
      row.title = "Play this event";
      body.append(row);
    }
  }
  new IntersectionObserver(([seen]) => { if (seen.isIntersecting) addRows(); }, { rootMargin: "600px" }).observe($("more"));
  const pictures = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      pictures.unobserve(target);
      drawThumbnail(target);
    }
  }, { rootMargin: "100px" });
  function surroundings({ index, onset, offset }) { // what the small picture of an event shows
    const { duration } = recordings[index], length = Math.min(duration, Math.max(1 / slower, 1.5 * (offset - onset)));
    return { from: Math.max(0, Math.min(duration - length, (onset + offset - length) / 2)), length };
  }
  function drawThumbnail(canvas) {
    const { from, length } = surroundings(canvas.entry);
    const again = () => {
      const context = canvas.getContext("2d");
      context.fillStyle = "#fff";
      context.fillRect(0, 0, canvas.width, canvas.height);
      drawPicture(context, canvas.entry.index, from, from + length, canvas.width, canvas.height, again);
    };
    again();
  }
  function choose(entry, { play = false } = {}) {
    chosen = entry;
    for (const row of document.querySelectorAll("#rows tr[data-index]")) {
      row.ariaSelected = shown[row.dataset.index] === entry ? "true" : "false";
    }
    if (shown.includes(entry)) showRow(shown.indexOf(entry));
    open(entry.index).then(() => {
      reveal(entry);
      showLanes();
      if (play) playEvent(entry);
    });
  }
  function step(by) {
    if (!shown.length) return;
    const at = chosen ? shown.indexOf(chosen) : -1;
    const to = Math.min(shown.length - 1, Math.max(0, at + by));
    choose(shown[to]);
  }

  function showRow(to) {
    while (document.querySelectorAll("#rows tr[data-index]").length <= to) addRows();
    const row = document.querySelector(`#rows tr[data-index="${to}"]`), box = $("rows"), head = 34;
    if (row.offsetTop - head < box.scrollTop) box.scrollTop = row.offsetTop - head;
    if (row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = row.offsetTop + row.offsetHeight - box.clientHeight;
  }

  // ---- Files of the detections in the list, in formats that `sedpool` reads.
  const micro = (value) => value.toFixed(6);
  const quoted = (text) => /[\t\r\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const plain = (text) => text.replace(/[\t\r\n]+/g, " "); // Audacity and Raven have no quotes
  const formats = {
    table: (found) => ["events.tsv", [["filename", "onset", "offset", "event_label", "confidence"],
      ...found.map(({ index, onset, offset, label, confidence }) =>
        [quoted(recordings[index].name), micro(onset), micro(offset), quoted(classes[label]), micro(confidence)])]],
    audacity: (found, stem) => [`${stem}.txt`, found.map(({ onset, offset, label }) => [micro(onset), micro(offset), plain(classes[label])])],
    raven: (found, stem) => [`${stem}.Table.1.selections.txt`, [
      ["Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)", "Annotation", "Confidence"],
      ...found.map(({ index, onset, offset, label, confidence }, i) => [i + 1, "Spectrogram 1", 1, onset.toFixed(9), offset.toFixed(9),
        0, recordings[index].highest, plain(classes[label]), micro(confidence)])]],
  };
  function save() {
    const format = $("format").value, stem = recordings[current].name.replace(/^.*[/\\]/, "").replace(/\.[^.]*$/, "");
    const found = shown.filter(({ kind, index }) => kind === "detected" && (format === "table" || index === current)).sort(byTime);
    const [name, lines] = formats[format](found, stem);
    const text = lines.map((line) => `${line.join("\t")}\n`).join("");
    const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/plain" })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    $("saved").textContent = `${count(found.length, "detection")} in ${name}`;
  }

  // ---- Sound and pictures: text inside this page, or files beside it.
  const whole = new Promise((resolve) => {
    if (document.readyState === "complete") resolve();
    else document.addEventListener("DOMContentLoaded", resolve);
  });
  async function address(name, type) {
    if (data.folder) return name;
    if (!document.getElementById(name)) await whole;
    return URL.createObjectURL(new Blob([bytes(document.getElementById(name).textContent)], { type }));
  }
  const images = new Map(); // the latest ones, by name
  function image(name, whenThere) {
    let found = images.get(name);
    if (!found) {
      found = { picture: new Image(), isThere: false, waiting: new Set() };
      images.set(name, found);
      address(name, "image/webp").then((url) => {
        found.picture.src = url;
        return found.picture.decode();
      }).then(() => {
        found.isThere = true;
        URL.revokeObjectURL(found.picture.src);
        for (const draw of found.waiting) draw();
        found.waiting.clear();
      });
      if (images.size > 80) images.delete(images.keys().next().value);
    }
    if (found.isThere) return found.picture;
    found.waiting.add(whenThere);
    return null;
  }
  // Draw the spectrogram from one time to another into a rectangle; `again` is called when a picture is there.
  function drawPicture(context, index, from, to, width, height, again) {
    const { duration, pictures } = recordings[index], levels = pictures[$("scale").value || data.scales[0]];
    const pieces = (length) => [Math.floor(from / length), Math.ceil(Math.min(to, duration) / length)];
    const [length, names] = levels.find(([one]) => pieces(one)[1] - pieces(one)[0] <= MOST_TILES) ?? levels.at(-1);
    const [first, last] = pieces(length);
    const parts = names.slice(first, last).map((one, i) => [one, (first + i) * length, Math.min(length, duration - (first + i) * length)]);
    context.imageSmoothingQuality = "high";
    let isComplete = true;
    for (const [one, start, seconds] of parts) {
      const picture = image(one, again);
      if (!picture) { isComplete = false; continue; }
      const x = (start - from) / (to - from) * width, w = seconds / (to - from) * width;
      context.drawImage(picture, x, 0, w, height);
    }
    return isComplete;
  }

  // ---- The player.
  const wave = WaveSurfer.create({
    container: "#wave", height: 56, waveColor: getComputedStyle(document.body).getPropertyValue("--wave"),
    progressColor: getComputedStyle(document.body).getPropertyValue("--wave"), cursorWidth: 0, interact: false, normalize: true,
    autoScroll: true, autoCenter: false, backend: "MediaElement",
  });
  let opening = null, isOpen = -1, url = null, pixelsPerSecond = 0;
  async function open(index) {
    if (isOpen === index) return opening;
    isOpen = current = index;
    sought = null;
    const recording = recordings[index];
    $("recording").value = index;
    wave.pause();
    const loudest = recording.peaks.reduce((a, b) => Math.max(a, b), 0);
    $("level").textContent = loudest ? `peak ${Math.round(20 * Math.log10(loudest))} dBFS` : "silent";
    drawing();
    opening = (async () => {
      const before = url;
      const found = await address(recording.audio, "audio/mpeg");
      if (isOpen !== index) return;
      url = found;
      pixelsPerSecond = 0;
      wave.setOptions({ minPxPerSec: 0 });
      try {
        await wave.load(url, [recording.peaks], recording.duration * slower);
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
      if (before && !data.folder) URL.revokeObjectURL(before);
      showLanes();
      drawing();
    })();
    return opening;
  }
  let sought = null; // where the sound is to go on; it takes a moment to get there, and keys do not wait
  const time = () => Math.min(recordings[current].duration, sought ?? wave.getCurrentTime() / slower);
  const seek = (seconds) => {
    sought = Math.max(0, Math.min(recordings[current].duration, seconds));
    wave.setTime(sought * slower);
    drawCursor();
  };
  const sound = wave.getMediaElement();
  for (const name of ["seeked", "timeupdate"]) {
    sound.addEventListener(name, () => { if (!sound.seeking && sound.readyState >= 3) sought = null; });
  }
  // An event is judged by its surroundings too: a click alone could be anything.
  function playEvent(entry) {
    const around = AROUND / slower;
    wave.play(Math.max(0, entry.onset - around) * slower, Math.min(recordings[entry.index].duration, entry.offset + around) * slower);
  }
  // The times between which the plots show the recording, and the pixels of one second.
  function view() {
    const full = wave.getWrapper().clientWidth || 1, width = $("wave").clientWidth, { duration } = recordings[current];
    const from = wave.getScroll() / full * duration;
    return { from, to: Math.min(duration, from + width / full * duration), scale: full / duration, width };
  }
  function zoom(factor) {
    const { scale, width, from, to } = view(), { duration } = recordings[current], fit = width / duration;
    const middle = time() >= from && time() <= to ? time() : (from + to) / 2;
    pixelsPerSecond = factor === 0 ? 0 : Math.max(fit, Math.min(2000 * slower, scale * factor));
    if (pixelsPerSecond <= fit * 1.01) pixelsPerSecond = 0;
    wave.zoom((pixelsPerSecond || fit) / slower);
    wave.setScroll(Math.max(0, middle * (pixelsPerSecond || fit) - width / 2));
    drawing();
  }
  function reveal({ onset, offset }) {
    const { from, to, scale, width } = view();
    if (onset < from || offset > to) wave.setScroll(Math.max(0, (onset + offset) / 2 * scale - width / 2));
    seek(onset);
  }

  // ---- Drawing.
  let isDue = false;
  function drawing() {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => { isDue = false; draw(); });
  }
  function fitCanvas(canvas) {
    const ratio = window.devicePixelRatio || 1, width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    return context;
  }
  function draw() {
    const now = view(), canvas = $("spectrogram"), context = fitCanvas(canvas);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (drawPicture(context, current, now.from, now.to, canvas.width, canvas.height, drawing)) mark("first-picture");
    drawTimes(now);
    drawFrequencies();
    for (const track of document.querySelectorAll(".track")) drawTrack(track, now);
    drawCursor();
  }
  function mark(name) {
    if (!performance.getEntriesByName(name).length) performance.mark(name);
  }
  function drawTimes({ from, to, scale }) {
    const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
    const step = steps.find((one) => one * scale >= 60) ?? 3600;
    const labels = [], digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    for (let i = Math.ceil(from / step); i * step <= to; i++) {
      const x = (i * step - from) * scale;
      if (x < 12 || x > (to - from) * scale - 12) continue;
      const label = make("span", { textContent: i * step >= 60 ? clock(i * step, step < 1 ? digits : 0) : (i * step).toFixed(digits) });
      label.style.left = `${x}px`;
      labels.push(label);
    }
    $("times").replaceChildren(...labels);
  }
  const mel = (hertz) => hertz < 1000 ? hertz * 3 / 200 : 15 + Math.log(hertz / 1000) * 27 / Math.log(6.4); // Slaney's
  function drawFrequencies() {
    const top = recordings[current].highest, isMel = $("scale").value === "mel", height = $("spectrogram").clientHeight;
    const steps = [500, 1000, 2000, 5000, 10000, 20000, 50000];
    const step = steps.find((one) => top / one <= 6) ?? 100000;
    const ticks = isMel ? [250, 500, 1000, 2000, 4000, 8000, 16000].filter((one) => one < top * 0.97)
      : Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
    let below = Infinity;
    const labels = [];
    for (const hertz of ticks) {
      const y = Math.min(height - 7, Math.max(7, (1 - (isMel ? mel(hertz) / mel(top) : hertz / top)) * height));
      if (below - y < 13) continue;
      below = y;
      labels.push(make("span", { textContent: `${hertz / 1000} kHz` }));
      labels.at(-1).style.top = `${y}px`;
    }
    $("frequencies").replaceChildren(...labels);
  }
  function drawCursor() {
    const { from, to, scale } = view(), now = time();
    const cursor = $("cursor");
    cursor.hidden = now < from - 1e-6 || now > to + 1e-6;
    cursor.style.left = `calc(var(--gutter) + ${(now - from) * scale}px)`;
    const { duration } = recordings[current];
    $("clock").textContent = `${clock(now, 2)} of ${clock(duration, 2)}`;
  }

  // ---- The lanes: one for each class, with the reference above and what was detected below.
  function showLanes() {
    const recording = recordings[current], all = $("all-classes").checked, isThere = new Set();
    for (const event of events[current]) isThere.add(event.label);
    for (const event of recording.reference ?? []) isThere.add(event.label);
    const lanes = classes.flatMap((name, label) => {
      if (!all && !isThere.has(label) && !(Math.max(...sampled(recording.probabilities[label])) >= NOTABLE)) return [];
      const track = make("div", { className: "track" }, make("canvas"));
      track.label = label;
      const lane = make("div", { className: "lane" }, make("div", { className: "gutter", title: name }, make("span", {}, ...breakable(name))), track);
      lane.style.setProperty("--color", colors[label]);
      return [lane];
    });
    if (!lanes.length) {
      lanes.push(make("div", { className: "lane" }, make("div", { className: "gutter" }), make("p", { textContent: "Nothing here, and no class comes near: “all classes” shows every curve." })));
    }
    $("lanes").replaceChildren(...lanes);
    drawing();
  }
  function* sampled(values) { // in pieces, as the highest of a long list cannot be asked for at once
    for (let i = 0; i < values.length; i += 1024) yield values.subarray(i, i + 1024).reduce((a, b) => Math.max(a, b), 0);
  }
  function drawTrack(track, { from, to, scale }) {
    const recording = recordings[current], { label } = track, canvas = track.firstChild, context = fitCanvas(canvas);
    const values = recording.probabilities[label], { edges } = recording, { width, height } = canvas, ratio = window.devicePixelRatio || 1;
    context.clearRect(0, 0, width, height);
    const y = (value) => (1 - value) * (height - 3 * ratio) + 1.5 * ratio;
    context.beginPath();
    let last = -1, most = 0;
    const start = Math.max(0, upper(edges, from) - 1);
    for (let i = start; i < values.length && edges[i] <= to; i++) { // the highest frame of each pixel
      const x0 = (edges[i] - from) * scale * ratio, x1 = (edges[i + 1] - from) * scale * ratio;
      most = Math.max(most, values[i]);
      if (x1 - last < 1 && i + 1 < values.length) continue;
      context.lineTo(Math.max(last, x0), y(most));
      context.lineTo(x1, y(most));
      last = x1;
      most = 0;
    }
    context.strokeStyle = colors[label];
    context.lineWidth = 1.5 * ratio;
    context.stroke();
    context.lineTo(last, height);
    context.lineTo((edges[start] - from) * scale * ratio, height);
    context.fillStyle = colors[label];
    context.globalAlpha = 0.14;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = getComputedStyle(document.body).getPropertyValue("--soft");
    context.lineWidth = ratio;
    context.setLineDash([4 * ratio, 4 * ratio]);
    context.beginPath();
    context.moveTo(0, y(decoderAt(threshold).threshold[label]));
    context.lineTo(width, y(decoderAt(threshold).threshold[label]));
    context.stroke();
    context.setLineDash([]);
    const marks = [];
    const place = (event, kind, outcome) => {
      if (event.label !== label || event.offset < from || event.onset > to) return;
      const entry = { ...event, index: current, kind, outcome };
      const bar = make("button", { type: "button", tabIndex: -1,
        className: `event ${kind}${isWrong(outcome) ? " wrong" : ""}${chosen && isSame(chosen, entry) ? " chosen" : ""}`,
        title: `${classes[label]}, ${kind}${outcome ? `, ${outcome}` : ""}: ${clock(event.onset, 2)} to ${clock(event.offset, 2)}`
          + (kind === "detected" ? `, confidence ${event.confidence.toFixed(2)}` : "") });
      bar.style.left = `${(event.onset - from) * scale}px`;
      bar.style.width = `${(event.offset - event.onset) * scale}px`;
      bar.addEventListener("click", (click) => {
        click.stopPropagation();
        const found = shown.find((one) => isSame(one, entry));
        if (found) choose(found, { play: true });
        else { seek(event.onset); playEvent(entry); }
      });
      marks.push(bar);
    };
    (recording.reference ?? []).forEach((event, i) => place(event, "reference", judged[current].annotated[i]));
    events[current].forEach((event, i) => place(event, "detected", judged[current]?.detected[i] ?? ""));
    track.replaceChildren(canvas, ...marks);
  }
  function upper(sorted, value) { // how many are at most the value
    let low = 0, high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] <= value) low = middle + 1; else high = middle;
    }
    return low;
  }

  // ---- What people do.
  function playAt(event) {
    const { from, scale } = view();
    seek(from + (event.clientX - $("spectrogram").getBoundingClientRect().left) / scale);
    wave.play();
  }
  $("wave").addEventListener("click", playAt);
  $("spectrogram").addEventListener("click", playAt);
  $("lanes").addEventListener("click", (event) => { if (event.target.closest(".track")) playAt(event); });
  const scrolled = (event) => {
    const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!isSideways && !event.ctrlKey) return;
    event.preventDefault();
    if (event.ctrlKey) zoom(event.deltaY < 0 ? 1.25 : 0.8);
    else wave.setScroll(wave.getScroll() + (event.deltaX || event.deltaY));
  };
  $("plots").addEventListener("wheel", scrolled, { passive: false });
  const playPause = () => wave.playPause();
  const other = (by) => open(Math.min(recordings.length - 1, Math.max(0, current + by))).then(() => seek(0));
  $("play").addEventListener("click", playPause);
  $("previous").addEventListener("click", () => other(-1));
  $("next").addEventListener("click", () => other(1));
  $("zoom-in").addEventListener("click", () => zoom(2));
  $("zoom-out").addEventListener("click", () => zoom(0.5));
  $("zoom-fit").addEventListener("click", () => zoom(0));
  $("recording").addEventListener("change", () => open(+$("recording").value));
  $("scale").addEventListener("change", drawing);
  $("all-classes").addEventListener("change", showLanes);
  for (const id of ["class-filter", "outcome-filter", "least", "most", "sort"]) $(id).addEventListener("input", showRows);
  for (const head of document.querySelectorAll("th[data-sort]")) {
    head.addEventListener("click", () => { $("sort").value = head.dataset.sort; showRows(); });
  }
  $("rows").addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-index]");
    if (!row) return;
    choose(shown[row.dataset.index], { play: true });
    if (matchMedia("(max-width: 56rem)").matches) $("player").scrollIntoView({ block: "start" });
  });
  $("save").addEventListener("click", save);
  let isWaiting = false;
  function setThreshold(value) {
    threshold = value;
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => { isWaiting = false; redecide(); });
  }
  $("threshold").addEventListener("input", () => setThreshold(+$("threshold").value));
  $("reset").addEventListener("click", () => setThreshold(null));
  $("keys-button").addEventListener("click", () => $("keys").showModal());
  const nudge = (by) => {
    $("threshold").value = Math.round(+$("threshold").value * 100 + by) / 100;
    setThreshold(+$("threshold").value);
  };
  const keys = {
    " ": playPause, ArrowLeft: (event) => seek(time() - (event.shiftKey ? 0.1 : 1) / slower),
    ArrowRight: (event) => seek(time() + (event.shiftKey ? 0.1 : 1) / slower),
    Home: () => seek(0), End: () => seek(recordings[current].duration),
    ArrowUp: () => step(-1), ArrowDown: () => step(1), Enter: () => { if (chosen) playEvent(chosen); },
    p: () => other(-1), n: () => other(1), "+": () => zoom(2), "=": () => zoom(2), "-": () => zoom(0.5), 0: () => zoom(0),
    "[": () => nudge(-1), "]": () => nudge(1),
    f: () => { $("scale").selectedIndex = ($("scale").selectedIndex + 1) % data.scales.length; drawing(); },
    a: () => { $("all-classes").checked = !$("all-classes").checked; showLanes(); },
    "?": () => $("keys").open ? $("keys").close() : $("keys").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    if (target.matches("select, input[type=number]")) return;
    if (target.matches("input[type=range]") && event.key.startsWith("Arrow")) return;
    if (target.matches("button, input[type=checkbox], summary") && [" ", "Enter"].includes(event.key)) return;
    if ($("keys").open && event.key !== "?") return;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
  wave.on("timeupdate", drawCursor);
  wave.on("play", () => { $("play").textContent = "❚❚ Pause"; });
  wave.on("pause", () => { $("play").textContent = "▶ Play"; });
  wave.on("finish", () => { $("play").textContent = "▶ Play"; });
  for (const name of ["scroll", "zoom", "redraw", "resize"]) wave.on(name, drawing);
  addEventListener("beforeprint", () => { while (document.querySelectorAll("#rows tr[data-index]").length < shown.length) addRows(); });
  new ResizeObserver(drawing).observe($("plots"));

  // ---- What is there at first.
  document.body.classList.toggle("has-reference", hasReference);
  if (data.home) $("notice").replaceChildren(make("a", { href: data.home, textContent: "‹ All runs and recordings" }));
  $("recording").append(...recordings.map((recording, i) => new Option(recording.name, i)));
  $("class-filter").append(new Option("all", ""), ...classes.map((name, i) => new Option(name, i)));
  $("scale").append(...data.scales.map((name) => new Option(name, name)));
  $("scale-choice").hidden = data.scales.length < 2;
  document.querySelector(".chooser").hidden = recordings.length < 2;
  if (!hasReference) $("sort").options[0].text = "least sure first";
  if (slower > 1) {
    $("slowed").hidden = false;
    $("slowed").textContent = `Played ${slower} times slower, and as much lower, so that ultrasound becomes audible. All times are those of the recording.`;
  }
  redecide();
  open(0).then(() => whole).then(() => mark("usable"));
  // For tests and for the curious: what the page decides at a threshold, null being as detected.
  window.listening = {
    events: (value) => eventsAt(value).flatMap((found, i) => found.map((event) =>
      [recordings[i].name, event.onset, event.offset, classes[event.label], event.confidence])),
    scores: (value) => {
      const counts = countsOf(judgeAll(eventsAt(value))), all = pooled(counts);
      return { all: { ...all, ...rates(all) }, classes: Object.fromEntries(counts.map((one, i) => [classes[i], { ...one, ...rates(one) }])) };
    },
    time, view,
  };
})();
