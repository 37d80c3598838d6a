//! Bodies that were cut off or changed on their way: never in place of what is known, and never without saying so.

use crate::support::lab::{FIRST, HOME, article};
use crate::support::{Desk, Lab, Reply, Script};

/// The damage of the article at `/1.html`, as the view, the export and `show` tell it.
fn told(lab: &Lab) -> (i64, bool, bool) {
    std::fs::write(lab.desk.path("crawl.toml"), "[archive]\nstore = \"a.sqlite\"\n").unwrap();
    let exported = lab.desk.articles();
    let shown = lab.desk.run(&format!("show {FIRST}")).expect_code(0).stdout;
    (
        lab.desk.count("SELECT count(*) FROM articles WHERE damage IS NOT NULL"),
        exported[0]["capture"]["damage"] == "it ended early",
        shown.contains("damaged  it ended early"),
    )
}

#[test]
fn a_damaged_page_waits_for_days_and_is_then_archived_with_that_fact() {
    let lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/1.html"]);
    lab.on(FIRST, article("步道", "步道完工了。").cut());
    let report = lab.run();
    assert_eq!((lab.articles().len(), report.sites[0].outcomes["damaged_body"]), (0, 1), "{report:?}");
    lab.run_daily(2);
    assert!(lab.articles().is_empty());
    lab.wait(24);
    let report = lab.run();
    assert_eq!(lab.articles().len(), 1);
    assert!(report.sites[0].alarms.iter().any(|alarm| alarm.contains("came damaged for days")), "{report:?}");
    assert_eq!(told(&lab), (1, true, true));
    // Read whole for the first time: the site changed nothing.
    lab.on(FIRST, article("步道", "步道完工了,长三公里。"));
    lab.wait(24 * 30);
    lab.run();
    assert_eq!(lab.desk.texts("SELECT reason FROM version ORDER BY n"), ["published", "reextracted"]);
    assert_eq!(told(&lab), (0, false, false));
}

#[test]
fn a_damaged_page_never_replaces_a_version() {
    let lab = Lab::with_article();
    lab.on(FIRST, article("步道", "步道未完工,工程停了。").cut());
    for _ in 0..8 {
        lab.wait(24);
        lab.run_full();
    }
    assert_eq!(lab.articles(), [format!("{FIRST} 1")]);
    assert_eq!(lab.desk.count("SELECT count(*) FROM text WHERE text LIKE '%停了%'"), 0);
}

#[test]
fn a_body_whose_checksum_is_wrong_is_damaged_whatever_its_encoding() {
    use std::io::Write as _;
    let page = Reply::article("老码头", "改造工程完工了。").body;
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&page).unwrap();
        encoder.finish().unwrap()
    };
    let mut changed = gzip.clone();
    let checksum = changed.len() - 8;
    changed[checksum] ^= 1;
    let reply = |body: Vec<u8>| Reply::html(body).header("Content-Encoding", "gzip");
    let site = Script::new()
        .front(&["/whole.html", "/cut.html", "/changed.html"])
        .on("/whole.html", reply(gzip.clone()))
        .on("/cut.html", reply(gzip[..gzip.len() / 2].to_vec()))
        .on("/changed.html", reply(changed))
        .start();
    let desk = Desk::with_config(&format!(
        "[fetch]\nretries = 0\n[archive]\nstore = \"a.sqlite\"\n[[site]]\nname = \"site\"\nseeds = [\"{}/\"]\npoliteness.delay = \"0s\"\n",
        site.origin
    ));
    let (report, _) = desk.crawl("");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 1, "{report}");
    assert_eq!(report["sites"][0]["outcomes"]["damaged_body"], 2, "{report}");
}
