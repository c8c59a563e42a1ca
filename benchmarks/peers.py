"""The matchers that ours is compared with: all learn from the same examples, rank the same ids.

A peer is a function from examples to a ranker. A ranker returns for a question the score of each
entry, and one number that is higher the surer it is.
"""

import sqlite3
from collections.abc import Callable, Sequence

import bm25s
import numpy as np
import numpy.typing as npt
import Stemmer
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from knowledge.ranking.corpus import Example, Material
from knowledge.ranking.encoder import Encoder
from knowledge.ranking.model_store import ModelStore
from knowledge.ranking.ranker import Ranker as OurRanker
from knowledge.ranking.training import compile_ranker
from knowledge.text.courtesies import without_courtesies
from knowledge.text.lexicon import Lexicon
from knowledge.text.normalise import normalise

Scores = npt.NDArray[np.float64]
Ranker = Callable[[str], tuple[Scores, float]]
Peer = Callable[[Sequence[Example], Sequence[str]], Ranker]


def nearest(
    similarity: Callable[[str], Scores], owners: npt.NDArray[np.int64], count: int
) -> Ranker:
    """Return a ranker that scores an entry by its most similar example."""

    def rank(question: str) -> tuple[Scores, float]:
        scores = np.zeros(count)
        np.maximum.at(scores, owners, similarity(question))
        return scores, float(scores.max())

    return rank


def _in_scope(
    examples: Sequence[Example], ids: Sequence[str]
) -> tuple[list[str], npt.NDArray[np.int64]]:
    inside = [one for one in examples if one.entry]
    owners = np.array([list(ids).index(one.entry or "") for one in inside])
    return [normalise(one.text) for one in inside], owners


def by_rapidfuzz(scorer: Callable[..., float]) -> Peer:
    """Return the peer that ranks by the nearest phrasing, with one of rapidfuzz's scorers."""

    def peer(examples: Sequence[Example], ids: Sequence[str]) -> Ranker:
        texts, owners = _in_scope(examples, ids)

        def similarity(question: str) -> Scores:
            return process.cdist([normalise(question)], texts, scorer=scorer)[0].astype(float)

        return nearest(similarity, owners, len(ids))

    return peer


def by_bm25(examples: Sequence[Example], ids: Sequence[str]) -> Ranker:
    """Rank by the nearest phrasing, with BM25 over French stems (bm25s)."""
    texts, owners = _in_scope(examples, ids)
    stemmer = Stemmer.Stemmer("french")
    index = bm25s.BM25()
    tokens = [stemmer.stemWords(text.split()) for text in texts]
    index.index(tokens, show_progress=False)
    vocabulary = {word for words in tokens for word in words}

    def similarity(question: str) -> Scores:
        words = [w for w in stemmer.stemWords(normalise(question).split()) if w in vocabulary]
        return index.get_scores(words).astype(float) if words else np.zeros(len(texts))

    return nearest(similarity, owners, len(ids))


def by_fts5(examples: Sequence[Example], ids: Sequence[str]) -> Ranker:
    """Rank by the nearest phrasing, with SQLite's full-text search (its own BM25)."""
    texts, owners = _in_scope(examples, ids)
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE phrasings USING fts5(text)")
    database.executemany("INSERT INTO phrasings VALUES (?)", [(text,) for text in texts])

    def similarity(question: str) -> Scores:
        scores = np.zeros(len(texts))
        words = " OR ".join(f'"{word}"' for word in set(normalise(question).split()))
        if words:
            query = "SELECT rowid, bm25(phrasings) FROM phrasings WHERE phrasings MATCH ?"
            for row, score in database.execute(query, (words,)):
                scores[row - 1] = -score
        return scores

    return nearest(similarity, owners, len(ids))


def by_tfidf(examples: Sequence[Example], ids: Sequence[str]) -> Ranker:
    """Rank by the nearest phrasing, with the cosine of character n-grams (scikit-learn)."""
    texts, owners = _in_scope(examples, ids)
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    matrix = vectorizer.fit_transform(texts)

    def similarity(question: str) -> Scores:
        vector = vectorizer.transform([normalise(question)])
        return np.asarray((matrix @ vector.T).todense()).ravel()

    return nearest(similarity, owners, len(ids))


def by_logistic_regression(examples: Sequence[Example], ids: Sequence[str]) -> Ranker:
    """Rank by scikit-learn's logistic regression on these n-grams, with an out-of-scope class."""
    texts = [normalise(one.text) for one in examples]
    names = [*ids, "-"]
    labels = [names.index(one.entry or "-") for one in examples]
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    model = LogisticRegression(C=30, max_iter=300)
    model.fit(vectorizer.fit_transform(texts), labels)
    columns = [list(model.classes_).index(number) for number in range(len(ids))]

    def rank(question: str) -> tuple[Scores, float]:
        vector = vectorizer.transform([normalise(question)])
        scores = model.predict_proba(vector)[0][columns]
        return scores, float(scores.max())

    return rank


def by_encoder(encoder: Encoder) -> Peer:
    """Return the peer that ranks by the nearest phrasing, with the encoder's cosine alone."""

    def peer(examples: Sequence[Example], ids: Sequence[str]) -> Ranker:
        texts, owners = _in_scope(examples, ids)
        vectors = encoder.encode(texts)

        def similarity(question: str) -> Scores:
            return np.asarray(vectors @ encoder.encode([question])[0], dtype=float)

        return nearest(similarity, owners, len(ids))

    return peer


def by_encoder_regression(*encoders: Encoder) -> Peer:
    """Return the peer that is plain logistic regression on the vectors of some encoders."""

    def peer(examples: Sequence[Example], ids: Sequence[str]) -> Ranker:
        names = [*ids, "-"]
        labels = [names.index(one.entry or "-") for one in examples]

        def encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
            return np.hstack([encoder.encode(texts) for encoder in encoders])

        model = LogisticRegression(C=30, max_iter=300)
        model.fit(encode([one.text for one in examples]), labels)
        columns = [list(model.classes_).index(number) for number in range(len(ids))]

        def rank(question: str) -> tuple[Scores, float]:
            scores = model.predict_proba(encode([question]))[0][columns]
            return scores, float(scores.max())

        return rank

    return peer


def ours(lexicon: Lexicon, encoder: Encoder | None) -> Peer:
    """Return the peer that is this project's ranker."""

    def peer(examples: Sequence[Example], ids: Sequence[str]) -> Ranker:
        material = Material(tuple(examples), tuple(ids), lexicon)
        return ranker_over(compile_ranker(material, encoder, ModelStore(None)), ids)

    return peer


def ranker_over(ranker: OurRanker, ids: Sequence[str]) -> Ranker:
    """Return our ranker as a peer's: it is asked as the matcher asks it."""

    def rank(question: str) -> tuple[Scores, float]:
        asked = normalise(question)
        ranking = ranker.rank(without_courtesies(asked) or asked, question)
        # The order, not the scores: these are clipped to 0 and 1, and newcomers have others.
        places = {one.id: place for place, one in enumerate(ranking.entries)}
        return -np.array([places[name] for name in ids], dtype=float), ranking.sure

    return rank


def others(encoder: Encoder, second: Encoder | None = None) -> dict[str, Peer]:
    """Return every peer but ours, by the name that the table shows.

    ``second``: the second encoder, as it reads questions; None where it does not serve.
    """
    both = (
        {"both encoders + logistic regression": by_encoder_regression(encoder, second)}
        if second
        else {}
    )
    return {
        "rapidfuzz WRatio": by_rapidfuzz(fuzz.WRatio),
        "rapidfuzz token_set_ratio": by_rapidfuzz(fuzz.token_set_ratio),
        "SQLite FTS5": by_fts5,
        "BM25 (bm25s, stems)": by_bm25,
        "TF-IDF nearest (scikit-learn)": by_tfidf,
        "logistic regression (scikit-learn)": by_logistic_regression,
        "encoder alone, nearest": by_encoder(encoder),
        "encoder + logistic regression": by_encoder_regression(encoder),
        **both,
    }


def all_peers(lexicon: Lexicon, encoder: Encoder, second: Encoder | None = None) -> dict[str, Peer]:
    """Return every peer and ours, by the name that the table shows."""
    return others(encoder, second) | {
        "ours, without encoder": ours(lexicon, None),
        "ours": ours(lexicon, encoder),
    }
