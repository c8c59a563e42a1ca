"""Text processing: normalisation, phonetics, language, courtesies. Knows nothing of the entries."""
