"""From what was typed to words: spelling, sound, language, courtesies. Knows no entry."""
