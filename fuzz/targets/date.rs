//! A date: it is no later than the reference by more than a day, begins before it ends, and reads as itself.

#![no_main]

use jianbao::extract::date::{Context, Order, read};
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let reference: Timestamp = "2025-03-10T12:00:00Z".parse().unwrap();
    let context = Context { reference, zone: None, home: None, order: Order::Unknown };
    let Ok(dates) = read(text, &context) else { return };
    for date in dates.published.iter().chain(&dates.modified) {
        assert!(date.from <= date.to, "{date:?}");
        assert!(date.from <= reference + SignedDuration::from_hours(48), "{date:?}");
        // An exact date, written out and read again, is the same date.
        if !date.approximate {
            let again = read(&date.value, &context).expect("a value that was given can be read");
            let again = again.published.expect("a value is a date");
            assert_eq!(again.value, date.value);
        }
    }
});
