//! Text analysis for French and English: language, sentences, words, elisions, stems, quantities.
