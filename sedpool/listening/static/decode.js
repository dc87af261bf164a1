"use strict";
// Events from probabilities, as sedpool.inference.decode makes them, and what is right about them, as
// sedpool.evaluation.event counts it. The tests compare both with the page's own numbers at many thresholds.

const ROUNDING = 1e-6; // seconds; frame edges are computed in floating point

// The events of one recording, by onset and then class: { label, onset, offset, confidence }.
function decode(recording, decoder, selection) {
  const events = [];
  for (let label = 0; label < recording.probabilities.length; label++) {
    const spans = recording.boxes
      ? recording.boxes.filter((box) => box.label === label)
      : activeSpans(recording, label, decoder);
    for (const { first, last, confidence } of spans) {
      if (confidence >= decoder.threshold[label]) {
        events.push({ label, onset: recording.edges[first], offset: recording.edges[last + 1], confidence });
      }
    }
  }
  events.sort((a, b) => a.onset - b.onset || a.label - b.label);
  const kept = events.filter((event) => event.confidence >= selection.minConfidence);
  if (selection.top === null || kept.length <= selection.top) return kept;
  const best = new Set([...kept].sort((a, b) => b.confidence - a.confidence).slice(0, selection.top));
  return kept.filter((event) => best.has(event));
}

// Stretches of frames that reach the low threshold, and somewhere the threshold; pauses filled, short ones left out.
function activeSpans(recording, label, decoder) {
  const values = recording.probabilities[label], edges = recording.edges;
  const low = decoder.lowThreshold[label], maxGap = decoder.maxGap[label] + ROUNDING;
  const spans = [];
  for (let frame = 0; frame < values.length; frame++) {
    if (!(values[frame] >= low)) continue;
    const first = frame;
    let confidence = 0;
    for (; frame < values.length && values[frame] >= low; frame++) confidence = Math.max(confidence, values[frame]);
    if (!(confidence >= decoder.threshold[label])) continue;
    const before = spans.at(-1);
    if (before && edges[first] - edges[before.last + 1] <= maxGap) {
      before.last = frame - 1;
      before.confidence = Math.max(before.confidence, confidence);
    } else {
      spans.push({ first, last: frame - 1, confidence });
    }
  }
  const shortest = decoder.minDuration[label] - ROUNDING;
  return spans.filter((span) => edges[span.last + 1] - edges[span.first] >= shortest);
}

// What became of each event of a recording: outcomes of the detections (hit, false alarm, not counted) and of the
// reference (hit, miss, not counted), and counts of each class.
function judge(recording, events, criteria, nClasses) {
  const reference = recording.reference;
  const detected = events.map(() => null), annotated = reference.map(() => "miss");
  const counts = Array.from({ length: nClasses }, () => ({ right: 0, annotated: 0, detected: 0 }));
  for (let label = 0; label < nClasses; label++) {
    const refs = indices(reference, label), ests = indices(events, label);
    const fitting = ests.map((est) => refs.filter((ref) => fits(reference[ref], events[est], criteria)));
    const certain = fitting.map((found) => found.filter((ref) => !reference[ref].isUnknown));
    // Where nobody knows what sounds, a detection cannot be wrong.
    const canBeWrong = ests.map((est, i) => certain[i].length === fitting[i].length && !reaches(recording, events[est]));
    const best = matching(certain);
    const sure = matching(certain.map((found, i) => (canBeWrong[i] ? found : [])));
    refs.forEach((ref) => { if (reference[ref].isUnknown) annotated[ref] = "not counted"; });
    best.forEach((ref) => { annotated[ref] = "hit"; });
    ests.forEach((est, i) => {
      const isRight = canBeWrong[i] ? sure.has(i) : best.has(i);
      detected[est] = isRight ? "hit" : canBeWrong[i] ? "false alarm" : "not counted";
    });
    const wrong = ests.filter((est) => detected[est] === "false alarm").length;
    counts[label] = {
      right: best.size,
      annotated: refs.filter((ref) => !reference[ref].isUnknown).length,
      detected: best.size + wrong,
    };
  }
  return { detected, annotated, counts };
}

function indices(events, label) {
  return events.flatMap((event, index) => (event.label === label ? [index] : []));
}

function fits(reference, event, criteria) {
  const tolerance = Math.max(criteria.collar, criteria.offsetToleranceRatio * (reference.offset - reference.onset));
  return Math.abs(reference.onset - event.onset) <= criteria.collar
    && Math.abs(reference.offset - event.offset) <= tolerance;
}

function reaches(recording, event) {
  return recording.unknown.some((span) => span.label === event.label
    && Math.min(event.offset, span.offset) - Math.max(event.onset, span.onset) > 0);
}

// As many pairs as possible without using anything twice, by augmenting paths: a Map from left to right.
function matching(candidates) {
  const leftOf = new Map();
  function place(left, tried) {
    for (const right of candidates[left]) {
      if (tried.has(right)) continue;
      tried.add(right);
      if (!leftOf.has(right) || place(leftOf.get(right), tried)) {
        leftOf.set(right, left);
        return true;
      }
    }
    return false;
  }
  candidates.forEach((_, left) => place(left, new Set()));
  return new Map([...leftOf].map(([right, left]) => [left, right]));
}

// F1, precision and recall from counts; null where a number is undefined.
function rates({ right, annotated, detected }) {
  const ratio = (part, whole) => (whole ? part / whole : null);
  return {
    f1: ratio(2 * right, annotated + detected),
    precision: ratio(right, detected),
    recall: ratio(right, annotated),
  };
}
