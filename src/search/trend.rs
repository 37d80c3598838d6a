//! How large a share of the articles holds a term, month by month.

use std::collections::BTreeMap;

use serde::Serialize;

/// Articles by month: 202302 and how many.
pub type Months = BTreeMap<i64, u64>;

/// What a query's share was over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// The query, as it was typed.
    pub query: String,
    /// Every month from the first to the last that has articles.
    pub months: Vec<Month>,
}

/// A month of a trend.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Month {
    /// `2023-02`.
    pub month: String,
    /// Articles found.
    pub count: u64,
    /// Articles in all.
    pub total: u64,
    /// The one divided by the other; `None` where there are no articles to be a share of.
    pub share: Option<f64>,
}

impl Trend {
    /// Puts hits against all articles. Months without articles between others are there, with zeros.
    pub fn new(query: &str, hits: &Months, all: &Months) -> Self {
        // A date of which only the year is known is in no month.
        let is_month = |month: &i64| (1..=12).contains(&(month % 100));
        let known: Vec<i64> = all.keys().copied().filter(is_month).collect();
        let (first, last) = (known.first().copied().unwrap_or(1), known.last().copied().unwrap_or(0));
        let months = (first..=last).filter(is_month).map(|month| {
            let count_in = |months: &Months| months.get(&month).copied().unwrap_or(0);
            let (count, total) = (count_in(hits), count_in(all));
            #[expect(clippy::cast_precision_loss, reason = "a share of far fewer than 2^52 articles")]
            let share = (total > 0).then(|| count as f64 / total as f64);
            Month { month: format!("{:04}-{:02}", month / 100, month % 100), count, total, share }
        });
        Self { query: query.to_owned(), months: months.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_has_every_month_between_the_first_and_the_last() {
        let all = Months::from([(0, 3), (202_211, 4), (202_300, 9), (202_302, 10)]);
        let trend = Trend::new("西安", &Months::from([(202_211, 1), (202_302, 5)]), &all);
        let rows: Vec<(&str, u64, u64)> =
            trend.months.iter().map(|m| (m.month.as_str(), m.count, m.total)).collect();
        assert_eq!(rows, [("2022-11", 1, 4), ("2022-12", 0, 0), ("2023-01", 0, 0), ("2023-02", 5, 10)]);
        let shares: Vec<Option<f64>> = trend.months.iter().map(|month| month.share).collect();
        assert_eq!(shares, [Some(0.25), None, None, Some(0.5)]);
    }
}
