"""Writes tests/reference/texts.json: texts in numbers, made by hand, against which crates/data holds its own.

    python scripts/reference_texts.py        needs nothing but Python, takes no time

The rule of words, the vocabulary of the training part, counts, and sequences as `keras.datasets.imdb.load_data` (start_char=1, oov_char=2,
index_from=3) and `keras.preprocessing.sequence.pad_sequences` (padding and truncating "pre") make them, written down once more and apart from
the program. Two runs write the same bytes.
"""

import json
import re
from collections import Counter
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "tests/reference/texts.json"

WORDS = [1, 3, 8, 1000]
SEQUENCES = [(5, 4), (9, 6), (1000, 12), (12, 1)]

TRAIN = {
    "bad": [
        "It's a BAD film.<br /><br />Bad, bad, bad: 1/10!",
        "'Twas nothing - nothing at all... don't go.",
        "Zwölf Sätze über ein schönes, aber ödes Ende.",
        "the the the the THE the the the the the the the the",
    ],
    "good": [
        "A well-made film; the end isn’t what \"you'd\" expect.",
        "good good good film, 10 of 10",
        "Amélie: très joli, à voir\tet à revoir\r\nsans faute",
        "b a d c",
    ],
}
TEST = {
    "bad": ["An unknown, awful thing.", "bad"],
    "good": ["the good film of the end", "d c b a zebra d"],
}


def words(text):
    """Small letters; runs of letters, digits and apostrophes, without apostrophes at their ends."""
    text = text.replace("<br />", " ").replace("’", "'")
    runs = re.findall(r"[^\W_']+(?:'+[^\W_']+)*", text)
    return ["".join(letter.lower() for letter in run) for run in runs]


def frequent(texts):
    """The most frequent first; of equally frequent ones the first by its code points."""
    counts = Counter(word for text in texts for word in words(text))
    return [word for word, _ in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))]


def counts(text, vocabulary):
    found = Counter(words(text))
    return [found[word] for word in vocabulary]


def load_data(text, ranks, num_words):
    """One review as Keras' data set gives it: ranks count from 1."""
    start_char, oov_char, index_from = 1, 2, 3
    absent = num_words  # what has no rank in the training part is beyond all words
    tokens = [start_char] + [ranks.get(word, absent) + index_from for word in words(text)]
    return [token if token < num_words else oov_char for token in tokens]


def pad_sequence(tokens, maxlen):
    tokens = tokens[-maxlen:]
    return [0] * (maxlen - len(tokens)) + tokens


def main():
    train = [text for texts in TRAIN.values() for text in texts]
    test = [text for texts in TEST.values() for text in texts]
    all_words = frequent(train)
    ranks = {word: place + 1 for place, word in enumerate(all_words)}
    bags, sequences = [], []
    for count in WORDS:
        vocabulary = all_words[:count]
        rows = {part: [counts(text, vocabulary) for text in texts] for part, texts in (("train", train), ("test", test))}
        bags.append({"words": count, "vocabulary": vocabulary, **rows})
    for num_words, maxlen in SEQUENCES:
        rows = {
            part: [pad_sequence(load_data(text, ranks, num_words), maxlen) for text in texts]
            for part, texts in (("train", train), ("test", test))
        }
        sequences.append({"words": num_words, "length": maxlen, **rows})
    out = {"train": TRAIN, "test": TEST, "tokens": [words(text) for text in train], "counts": bags, "sequences": sequences}
    FILE.write_text(json.dumps(out, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
