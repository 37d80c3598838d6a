//! Relevance, as the index ranks it, for articles that the index doesn't have yet.

/// Weight of a place in the title against one in the body.
pub const TITLE_WEIGHT: f64 = 5.0;
/// Days after which a recent article's lead has halved.
const HALF_LIFE: f64 = 365.0;
/// The part of the score that age doesn't touch.
const LASTING: f64 = 0.4;

/// BM25 of one term in an article of average length (k1 = 1.2), as FTS5 computes it: `of` articles in
/// all, `with` of them hold the term.
#[expect(clippy::cast_precision_loss, reason = "numbers of articles and places are far below 2^52")]
pub fn bm25(in_body: usize, in_title: usize, with: u64, of: u64) -> f64 {
    const K1: f64 = 1.2;
    const LEAST: f64 = 1e-6;
    let (with, of) = (with as f64, of as f64);
    let rarity = ((of - with + 0.5) / (with + 0.5)).ln().max(LEAST);
    let often = in_body as f64 + TITLE_WEIGHT * in_title as f64;
    rarity * often * (K1 + 1.0) / (often + K1)
}

/// A score with age taken into account; `age` is in seconds before the newest article.
#[expect(clippy::cast_precision_loss, reason = "seconds of a century are far below 2^52")]
pub fn aged(score: f64, age: i64) -> f64 {
    let days = age.max(0) as f64 / 86_400.0;
    score * (LASTING + (1.0 - LASTING) * (-days / HALF_LIFE).exp2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_terms_and_titles_weigh_more() {
        assert!(bm25(1, 0, 10, 1000) > bm25(1, 0, 100, 1000));
        assert!(bm25(0, 1, 10, 1000) > bm25(3, 0, 10, 1000));
        assert!(bm25(1, 0, 900, 1000) > 0.0);
    }

    #[test]
    fn age_takes_some_of_the_score_and_never_all() {
        const YEAR: i64 = 365 * 86_400;
        assert!((aged(1.0, 0) - 1.0).abs() < 1e-9);
        assert!((aged(1.0, YEAR) - 0.7).abs() < 1e-9);
        assert!(aged(1.0, 100 * YEAR) > 0.39);
    }
}
