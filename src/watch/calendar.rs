//! Days on which silence says nothing: holidays of China, and the turn of the year.

use jiff::civil::Date;

/// New Year's Day of the Chinese calendar, month and day, from 2000 on.
const NEW_YEAR: [i8; 122] = [
    2, 5, 1, 24, 2, 12, 2, 1, 1, 22, 2, 9, 1, 29, 2, 18, 2, 7, 1, 26, // 2000 to 2009
    2, 14, 2, 3, 1, 23, 2, 10, 1, 31, 2, 19, 2, 8, 1, 28, 2, 16, 2, 5, // 2010 to 2019
    1, 25, 2, 12, 2, 1, 1, 22, 2, 10, 1, 29, 2, 17, 2, 6, 1, 26, 2, 13, // 2020 to 2029
    2, 3, 1, 23, 2, 11, 1, 31, 2, 19, 2, 8, 1, 28, 2, 15, 2, 4, 1, 24, // 2030 to 2039
    2, 12, 2, 1, 1, 22, 2, 10, 1, 30, 2, 17, 2, 6, 1, 26, 2, 14, 2, 2, // 2040 to 2049
    1, 23, 2, 11, 2, 1, 2, 19, 2, 8, 1, 28, 2, 15, 2, 4, 1, 24, 2, 12, // 2050 to 2059
    2, 2, // 2060
];

/// Offices close a week before New Year's Day, and some open after the Lantern Festival only.
const SPRING_FESTIVAL: std::ops::RangeInclusive<i64> = -7..=15;

/// Fixed holidays with the days that are moved around them: first and last day, each as month and day.
const FIXED: [((i8, i8), (i8, i8)); 5] =
    [((1, 1), (1, 3)), ((4, 3), (4, 6)), ((5, 1), (5, 5)), ((10, 1), (10, 8)), ((12, 24), (12, 31))];

/// Whether a day belongs to the Spring Festival, the National Day week or another holiday.
pub fn is_holiday(day: Date) -> bool {
    let here = (day.month(), day.day());
    let from_new_year = |new_year: Date| day.duration_since(new_year).as_hours() / 24;
    FIXED.iter().any(|(first, last)| (*first..=*last).contains(&here))
        || new_year(day.year()).is_some_and(|new_year| SPRING_FESTIVAL.contains(&from_new_year(new_year)))
}

fn new_year(year: i16) -> Option<Date> {
    let at = usize::try_from(year - 2000).ok()? * 2;
    Date::new(year, *NEW_YEAR.get(at)?, *NEW_YEAR.get(at + 1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_years_are_twelve_or_thirteen_moons_apart() {
        let days: Vec<Date> = (2000..=2060).filter_map(new_year).collect();
        assert_eq!(days.len(), 61);
        for pair in days.windows(2) {
            let apart = pair[1].duration_since(pair[0]).as_hours() / 24;
            assert!(matches!(apart, 353..=355 | 383..=385), "{} to {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn holidays() {
        for (day, want) in [
            ("2023-01-22", true),
            ("2023-01-14", false),
            ("2023-02-06", true),
            ("2023-02-07", false),
            ("2024-02-10", true),
            ("2024-10-05", true),
            ("2024-10-09", false),
            ("2024-12-31", true),
            ("2099-02-10", false),
            ("1999-10-01", true),
        ] {
            assert_eq!(is_holiday(day.parse().unwrap()), want, "{day}");
        }
    }
}
