//! What a site puts below most of its posts is found without configuration.

use crate::support::{Desk, Reply, Script};

/// Nothing in it says that it is no part of the text.
const PROMO: &str = "<p>我们在河边的小屋里等着每一位愿意来坐一坐的朋友,茶水一直是热的。</p>
                     <p>街坊们的故事由文化站的几位老师整理,感谢大家一直以来的陪伴和鼓励。</p>";

/// Posts 1 to `count`, each of its own text, with the same two lines below it.
fn site(count: usize) -> Script {
    let texts = [
        "步道修好了",
        "图书馆开门了",
        "桥头种了树",
        "码头换了石板",
        "早市搬了家",
        "渡船加了班",
        "灯会开始了",
        "菜场翻新了",
        "学校放假了",
    ];
    let paths: Vec<String> = (1..=count).map(|i| format!("/{i}.html")).collect();
    let mut site = Script::new().front(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    for (path, text) in paths.iter().zip(texts) {
        let body = format!(
            "<title>{text}</title><h1>{text}</h1><p>2024-05-18</p><div class=content>
             <p>今天{text},附近的居民都很高兴,说这件事盼了很久,以后生活方便多了。</p>
             <p>记者在现场看到,{text}以后来的人比平时多了一倍,老人和孩子尤其多。</p>{PROMO}</div>"
        );
        site = site.on(path, Reply::html(body));
    }
    site
}

#[test]
fn a_block_below_most_posts_is_cut_from_all_of_them() {
    let running = site(8).start();
    let desk = Desk::for_site(&running.origin);
    let (report, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 0, "{report}");
    let articles = desk.articles();
    assert_eq!(articles.len(), 8);
    for article in &articles {
        let body = article["body"].as_str().unwrap();
        assert!(!body.contains("小屋") && !body.contains("文化站"), "{body}");
        assert_eq!(body.lines().count(), 2, "{body}");
    }
    // The run that archived them corrected them: there is one version, and its profile says why.
    assert_eq!(desk.count("SELECT count(*) FROM version"), 8);
    assert_eq!(
        desk.count("SELECT count(*) FROM version v JOIN profile_revision r ON r.id = v.profile_revision WHERE r.toml LIKE '%[learned]%小屋%'"),
        8
    );
    // The next look cuts it at once, so nothing has changed.
    let (report, _) = desk.crawl("--full");
    assert_eq!(report["articles"]["revised"], 0, "{report}");
    assert_eq!(desk.count("SELECT count(*) FROM version"), 8);
}

#[test]
fn five_posts_are_too_few_to_learn_from() {
    let running = site(5).start();
    let desk = Desk::for_site(&running.origin);
    desk.crawl("");
    assert_eq!(desk.count("SELECT count(*) FROM profile_revision WHERE toml LIKE '%[learned]%'"), 0);
}

#[test]
fn a_cutting_that_was_cut_off_is_finished_before_pages_are_compared() {
    let (few, many) = (site(5).start(), site(8).start());
    let (desk, other) = (Desk::for_site(&few.origin), Desk::for_site(&many.origin));
    desk.crawl("");
    other.crawl("");
    // What a run leaves that was killed between learning and cutting.
    let learned = other.texts("SELECT learned FROM site").concat();
    let archive = rusqlite::Connection::open(desk.archive()).unwrap();
    archive.execute("UPDATE site SET learned = ?1, cut_to = 0", [learned]).unwrap();
    let (report, _) = desk.crawl("--full");
    assert_eq!(report["articles"]["revised"], 0, "{report}");
    assert_eq!(
        desk.texts("SELECT reason || ' ' || count(*) FROM version GROUP BY reason ORDER BY reason"),
        ["published 5", "reextracted 5"]
    );
}
