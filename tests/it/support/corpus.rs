//! A generated archive: Chinese news of invented words, the same at every run.
//!
//! Characters and words are as uneven as in real news (Zipf), articles have topics, 5 % are written in
//! traditional characters, 10 % write 蕞 for 最, 5 % full-width digits; figures and Latin words stand
//! between the Han.

use std::path::Path;

use jianbao::archive::{Store, StoreSettings, Writer};
use jianbao::config::{Keep, Recrawl};
use jianbao::search::fold::changes;

/// An article of the archive; its number is its place in the list, from 1.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) published: String,
    pub(crate) site: usize,
    pub(crate) category: &'static str,
    pub(crate) author: &'static str,
}

/// Sites of the archive: `site-0` and on.
pub(crate) const SITES: usize = 4;
const CATEGORIES: [&str; 5] = ["新闻中心", "园区动态", "招商政策", "行业资讯", "企业服务"];
const AUTHORS: [&str; 4] = ["王小明", "李记者", "本报讯", "Anna Berg"];
const LATIN: [&str; 8] = ["GDP", "AI", "5G", "APP", "CEO", "Wi-Fi", "NBA", "iPhone"];
const UNITS: [&str; 8] = ["亿元", "年", "月", "%", "万人", "公里", "亿", "个"];

/// Steele's `SplitMix64`: numbers that look random and are the same everywhere.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    /// Below `limit`, small numbers far more often: the law of Zipf and Mandelbrot with this shift.
    fn zipf(&mut self, count: usize, shift: f64) -> usize {
        #[expect(clippy::cast_precision_loss, reason = "chances need no precision")]
        let (share, limit) = ((self.next() >> 11) as f64 / (1_u64 << 53) as f64, count as f64);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is below the limit")]
        let place = (shift * ((limit + shift) / shift).powf(share) - shift) as usize;
        place.min(count - 1)
    }
}

/// Words, the frequent ones first.
struct Lexicon(Vec<String>);

impl Lexicon {
    fn new(chance: &mut Chance) -> Self {
        let codes: Vec<u8> =
            (0xb0..=0xd7).flat_map(|row| (0xa1..=0xfe).flat_map(move |cell| [row, cell])).collect();
        // The 3,755 characters of GB 2312's first level.
        let (text, ..) = encoding_rs::GBK.decode(&codes);
        let mut characters: Vec<char> = text.chars().filter(|c| ('一'..='龥').contains(c)).collect();
        for place in (1..characters.len()).rev() {
            characters.swap(place, chance.below(place + 1));
        }
        let length = |chance: &mut Chance| [2, 2, 2, 2, 2, 2, 3, 3, 4][chance.below(9)];
        let word = |chance: &mut Chance, length: usize| -> String {
            (0..length).map(|_| characters[chance.zipf(characters.len(), 30.0)]).collect()
        };
        let mut words: Vec<String> =
            vec!["的".into(), "在".into(), "最新".into(), "和".into(), "第一".into()];
        while words.len() < 40_000 {
            let length = if words.len() < 60 { 1 } else { length(chance) };
            words.push(word(chance, length));
        }
        // Words that belong together, as names and terms do.
        for _ in 0..20_000 {
            let parts: String =
                (0..2 + chance.below(3)).map(|_| words[chance.zipf(40_000, 200.0)].as_str()).collect();
            words.push(parts);
        }
        for place in (100..words.len()).rev() {
            words.swap(place, 100 + chance.below(place - 99));
        }
        Self(words)
    }
}

/// The stories of an archive of that many articles.
pub(crate) fn stories(count: usize) -> impl Iterator<Item = Story> {
    let mut newsroom = Newsroom::new(20_230_227);
    (0..count).map(move |number| {
        let topics = newsroom.topics();
        let story = newsroom.story(&topics, number);
        newsroom.in_other_characters(story)
    })
}

/// Where stories are written.
pub(crate) struct Newsroom {
    pub(crate) chance: Chance,
    lexicon: Lexicon,
    to_traditional: std::collections::HashMap<char, char>,
}

impl Newsroom {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let lexicon = Lexicon::new(&mut chance);
        let to_traditional = changes()
            .filter(|(from, to)| ('一'..='龥').contains(from) && to != from)
            .map(|(from, to)| (to, from))
            .collect();
        Self { chance, lexicon, to_traditional }
    }

    /// What a story may be about.
    pub(crate) fn topics(&mut self) -> Vec<usize> {
        (0..4).map(|_| self.chance.below(self.lexicon.0.len() - 100)).collect()
    }

    /// A story about these topics, of a year that its number gives.
    pub(crate) fn story(&mut self, topics: &[usize], number: usize) -> Story {
        let title = self.sentence(topics, 7);
        let mut body = String::new();
        for _ in 0..3 + self.chance.below(13) {
            for _ in 0..2 + self.chance.below(6) {
                let words = 6 + self.chance.below(14);
                body.push_str(&self.sentence(topics, words));
                body.push('。');
            }
            body.push('\n');
        }
        let chance = &mut self.chance;
        Story {
            title,
            body: body.trim_end().to_owned(),
            published: format!(
                "{}-{:02}-{:02}",
                2015 + number % 10,
                1 + chance.below(12),
                1 + chance.below(28)
            ),
            site: chance.below(SITES),
            category: CATEGORIES[chance.zipf(CATEGORIES.len(), 1.0)],
            author: AUTHORS[chance.below(AUTHORS.len())],
        }
    }

    /// One in five stories in the characters of other places and habits.
    fn in_other_characters(&mut self, mut story: Story) -> Story {
        match self.chance.below(20) {
            0 => vary(&mut story, |c| self.traditional(c)),
            1 | 2 => vary(&mut story, |c| if c == '最' { '蕞' } else { c }),
            3 => vary(&mut story, full_width),
            _ => {}
        }
        story
    }

    /// The traditional form of a character.
    pub(crate) fn traditional(&self, c: char) -> char {
        self.to_traditional.get(&c).copied().unwrap_or(c)
    }

    pub(crate) fn sentence(&mut self, topics: &[usize], words: usize) -> String {
        sentence(&mut self.chance, &self.lexicon, topics, words)
    }
}

/// Digits in full width.
pub(crate) fn full_width(c: char) -> char {
    if c.is_ascii_digit() { char::from_u32(u32::from(c) + 0xfee0).unwrap() } else { c }
}

fn vary(story: &mut Story, change: impl Fn(char) -> char + Copy) {
    story.title = story.title.chars().map(change).collect();
    story.body = story.body.chars().map(change).collect();
}

fn sentence(chance: &mut Chance, lexicon: &Lexicon, topics: &[usize], words: usize) -> String {
    let mut text = String::new();
    for place in 0..words {
        match chance.below(40) {
            0 => text.push_str(LATIN[chance.below(LATIN.len())]),
            1 => text.push_str(&figure(chance)),
            2 if place > 0 && place + 1 < words => text.push('，'),
            n if n < 20 => {
                let topic = topics[chance.below(topics.len())];
                text.push_str(&lexicon.0[topic + chance.zipf(100, 3.0)]);
            }
            _ => text.push_str(&lexicon.0[chance.zipf(lexicon.0.len(), 3.0)]),
        }
    }
    text
}

fn figure(chance: &mut Chance) -> String {
    let whole = 1 + chance.zipf(9999, 1.0);
    let unit = UNITS[chance.below(UNITS.len())];
    if chance.below(3) == 0 {
        format!("{whole}.{}{unit}", chance.below(10))
    } else {
        format!("{whole}{unit}")
    }
}

/// An archive with these stories, none of them indexed yet.
pub(crate) fn archive(path: &Path, stories: &[Story]) {
    let (store, writer) = open(path);
    drop(store);
    writer.close().unwrap();
    let mut archive = rusqlite::Connection::open(path).unwrap();
    archive.pragma_update(None, "foreign_keys", false).unwrap();
    let all = archive.transaction().unwrap();
    all.execute_batch("INSERT INTO profile_revision (id, profile, toml, extractor) VALUES (1, '', '', '')")
        .unwrap();
    for site in 0..SITES {
        all.execute(
            "INSERT INTO site (id, key, home, added_at) VALUES (?1 + 1, 'site-' || ?1, '', 0)",
            [site],
        )
        .unwrap();
    }
    for (id, story) in (1_i64..).zip(stories) {
        insert(&all, id, story);
    }
    all.commit().unwrap();
}

/// Adds a story under a number of its own.
pub(crate) fn insert(archive: &rusqlite::Connection, id: i64, story: &Story) {
    let digest = jianbao::capture::Digest::of(story.body.as_bytes()).0;
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        archive.prepare_cached(sql).unwrap().execute(values).unwrap();
    };
    run("INSERT OR IGNORE INTO text (digest, text) VALUES (?1, ?2)", &[&digest, &story.body]);
    let site = story.site + 1;
    run(
        "INSERT INTO url (id, site, host, url, key, kind, state, depth, rank, discovered_at)
         VALUES (?1, ?2, 1, 'http://site-' || (?2 - 1) || '.example/post/' || ?1 || '.html', CAST('key' || ?1 AS BLOB), 'post', 'done', 1, 1, 0)",
        &[&id, &site],
    );
    run(
        "INSERT INTO article (id, site, url, title, author, category, tags, breadcrumbs, published, published_precision,
                              published_approximate, published_from, published_to, text_digest, first_seen, last_seen, version_count)
         VALUES (?1, ?2, ?1, ?3, ?4, ?5, '[]', '[]', ?6, 'day', 0, unixepoch(?6), unixepoch(?6) + 86399, ?7, 0, 0, 1)",
        &[&id, &site, &story.title, &story.author, &story.category, &story.published, &digest],
    );
    run(
        "INSERT INTO version (article, n, seen_at, reason, text_digest, fields, origins, profile_revision)
         VALUES (?1, 1, 0, 'published', ?2, json_object('title', ?3), '{}', 1)",
        &[&id, &digest, &story.title],
    );
    let version = archive.last_insert_rowid();
    run(
        "INSERT INTO capture (url, run, fetched_at, status, http_version, request_headers, headers, wire_length,
                              wire_digest, digest, elapsed_ms, outcome)
         VALUES (?1, 1, 0, 200, '', '', '', 0, ?2, ?2, 0, 'article')",
        &[&id, &digest],
    );
    run(
        "INSERT INTO version_capture (version, capture, role) VALUES (?1, last_insert_rowid(), 'page')",
        &[&version],
    );
}

/// The archive's writer.
pub(crate) fn open(path: &Path) -> (Store, Writer) {
    let settings = StoreSettings {
        place: jianbao::archive::Place::File(path.to_owned()),
        keep: Keep::Articles,
        recrawl: Recrawl::default(),
        linger: jianbao::archive::LINGER,
        patience: jianbao::archive::PATIENCE,
    };
    Store::open(settings, |_| {}).unwrap()
}

/// Brings the archive's index up to date.
pub(crate) fn index(path: &Path) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (store, writer) = open(path);
    let indexed = runtime.block_on(store.index(|| true)).unwrap();
    drop(store);
    writer.close().unwrap();
    indexed
}
