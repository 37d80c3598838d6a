//! What a scheduled job relies on: one run at a time, an end in every case, a report, a hook that is told.

use crate::support::{Demo, Desk};

const ELSEWHERE: &str = "process 4711 on another-machine since 2025-03-01T00:00:00Z";

#[test]
fn a_lock_that_another_machine_holds_is_named_and_one_that_it_left_does_not_block() {
    let demo = Demo::start(5);
    let desk = Desk::for_site(&demo.origin);
    let lock = desk.path("a.sqlite.lock");
    std::fs::write(&lock, ELSEWHERE).unwrap();
    let held = std::fs::File::open(&lock).unwrap();
    held.lock().unwrap();
    desk.run("crawl").expect_code(75).expect_stderr(&format!("{ELSEWHERE}, which is another machine"));
    drop(held);
    desk.run("crawl").expect_code(0).expect_stderr("another machine's and did not end by itself");
    // Said once: a run that ends by itself leaves no name behind.
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), "");
    assert_eq!(desk.run("crawl").expect_code(0).stderr, "");
}
