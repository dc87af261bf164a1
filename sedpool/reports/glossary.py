"""Terms that the page of a run uses, in the words of docs/glossary.md."""

TERMS = {
    "α (alpha)": "The sharpness of AutoPool, one for each class and learned: 0 is the mean, 1 softmax pooling, ∞ the "
    "maximum.",
    "CAP": "Constrained adaptive pooling: AutoPool with a bound on α. sedpool's default operator.",
    "Clip": "A piece of audio that is labelled, trained on and scored as a unit: a recording, or a part of a long one.",
    "Collar": "By how many seconds the onset or offset of a detected event may be off before the event counts as "
    "wrong: 0.2 s unless stated otherwise. For offsets a share of the event's length is allowed if that is more.",
    "Decoding": "Turning probabilities into events: filter, threshold, merge, drop what is too short.",
    "Dynamic": "The paper's name for scores of segments: were the right classes found in each second?",
    "Error rate": "Substitutions, deletions and insertions, divided by the number of true units. 0 is perfect; it can "
    "exceed 1.",
    "Event": "A class with an onset and an offset in a clip, in seconds. In files, one row with filename, onset, "
    "offset, event_label.",
    "F1": "The harmonic mean of precision (how much of what was detected is right) and recall (how much of what is "
    "there was detected).",
    "Frame": "A short stretch of time for which the network gives one probability for each class: 0.37 s with the "
    "paper's network.",
    "Intersection": "Scoring an event by how much time detection and truth have in common, instead of by a collar.",
    "Macro": "An average over classes that counts each class alike, however rare it is.",
    "Micro": "An average that adds up all units of all classes first, so that frequent classes dominate.",
    "Pooling operator": "The function that turns the frame probabilities of a class into one probability of the clip.",
    "PSDS": "Polyphonic sound detection score: judges a system over all its thresholds, by intersections.",
    "Resolution ceiling": "The score of a detector that is right about every frame: what the length of the frames "
    "allows.",
    "Segment": "A stretch of fixed length (the resolution) in which detection and truth are compared.",
    "Static": "The paper's name for scores of clips: does each clip have the right tags?",
    "Tag": "The information that a class is somewhere in a clip.",
    "Threshold": "The probability from which on a class counts as active: 0.5 unless stated otherwise, or tuned on "
    "validation.",
}
"""What each term means, in alphabetical order."""
