//! The posts of the demo site.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::text::{Dice, line, paragraphs};

/// The seed article's id.
pub(super) const SEED_ID: u32 = 17_328;
/// Chinese time, as the site prints it.
pub(super) const ZONE_OFFSET_SECONDS: i32 = 8 * 3600;
/// Names of the categories, in the order of their numbers.
pub(super) const CATEGORIES: [&str; 3] = ["新闻中心", "园区动态", "政策解读"];

const SEED_TEXT: &str = include_str!("../../data/demo/post-17328.txt");

/// A post as its author wrote it: what a perfect archive holds.
#[derive(Debug, Clone)]
pub struct Post {
    /// Its id, part of its URL.
    pub id: u32,
    /// The headline, not escaped.
    pub title: String,
    /// Index into the categories.
    pub category: usize,
    /// When it was published.
    pub published: Timestamp,
    /// The text.
    pub paragraphs: Vec<String>,
    /// Key words.
    pub tags: Vec<String>,
    pub(super) first_views: u64,
    /// A short link inside the text leads to this post.
    pub(super) short_link: Option<u32>,
}

impl Post {
    /// The category's name.
    pub fn category_name(&self) -> &'static str {
        CATEGORIES[self.category % CATEGORIES.len()]
    }

    /// The text, one line a paragraph.
    pub fn body(&self) -> String {
        self.paragraphs.join("\n")
    }

    /// The path of its page.
    pub fn path(&self) -> String {
        format!("/index.php/post/{}.html", self.id)
    }

    /// The day of publication on the site's calendar, `2023-02-27`.
    pub fn day(&self) -> String {
        self.local().strftime("%Y-%m-%d").to_string()
    }

    pub(super) fn local(&self) -> jiff::Zoned {
        let zone = jiff::tz::Offset::from_seconds(ZONE_OFFSET_SECONDS).map_or(TimeZone::UTC, TimeZone::fixed);
        self.published.to_zoned(zone)
    }
}

/// `count` posts, the oldest first; the seed article stands among them in its place by date.
pub(super) fn posts(count: usize, now: Timestamp) -> Vec<Post> {
    let seed_at: Timestamp = "2023-02-27T09:30:00+08:00".parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let before = count * 2 / 5;
    let after = count.saturating_sub(before + 1);
    let mut posts: Vec<Post> = Vec::with_capacity(count);
    // Ids have gaps of one to three, and sometimes more; counted back from the seed article's.
    let mut id = SEED_ID;
    for i in 0..before {
        let mut dice = Dice::new(10_000 + i as u64);
        id -= 1 + u32::try_from(dice.below(3)).unwrap_or(0) + if i % 11 == 10 { 7 } else { 0 };
        let days = 3 + i64::try_from(i).unwrap_or(0) * 9;
        posts.push(post(id, seed_at - SignedDuration::from_hours(24 * days + 5), &mut dice));
    }
    posts.reverse();
    posts.push(seed_post(seed_at));
    id = SEED_ID;
    for i in 0..after {
        let mut dice = Dice::new(20_000 + i as u64);
        id += 1 + u32::try_from(dice.below(3)).unwrap_or(0) + if i % 11 == 10 { 7 } else { 0 };
        posts.push(post(id, now - age(after - 1 - i, after, now.duration_since(seed_at)), &mut dice));
    }
    flaws(&mut posts);
    posts
}

/// Ages of the posts behind the seed article: minutes at first, then hours, days, weeks, months.
fn age(rank: usize, count: usize, longest: SignedDuration) -> SignedDuration {
    const RECENT: [i64; 8] = [4, 50, 9 * 60, 31 * 60, 58 * 60, 5 * 1440 + 400, 9 * 1440, 20 * 1440];
    if let Some(minutes) = RECENT.get(rank) {
        return SignedDuration::from_mins(*minutes);
    }
    let first = 32 * 1440;
    let last = (longest.as_secs() / 60 - 3 * 1440).max(first + 1);
    let steps = i64::try_from(count.saturating_sub(RECENT.len())).unwrap_or(1).max(1);
    let step = i64::try_from(rank - RECENT.len()).unwrap_or(0);
    SignedDuration::from_mins(first + (last - first) * step / steps)
}

fn post(id: u32, published: Timestamp, dice: &mut Dice) -> Post {
    let title = line("title", dice);
    let mut tags: Vec<String> = (0..=dice.below(3)).map(|_| line("tag", dice)).collect();
    tags.sort();
    tags.dedup();
    Post {
        id,
        title,
        category: dice.below(CATEGORIES.len()),
        published,
        paragraphs: paragraphs(dice),
        tags,
        first_views: 20 + dice.below(3000) as u64,
        short_link: None,
    }
}

fn seed_post(published: Timestamp) -> Post {
    let mut lines = SEED_TEXT.lines();
    Post {
        id: SEED_ID,
        title: lines.next().unwrap_or_default().to_owned(),
        category: 0,
        published,
        paragraphs: lines.map(str::to_owned).collect(),
        tags: vec!["产业园".to_owned(), "党建联盟".to_owned()],
        first_views: 872,
        short_link: None,
    }
}

/// What real sites have: a title with raw markup characters, a re-post under a second id, short
/// links inside texts, a post of two lines.
fn flaws(posts: &mut [Post]) {
    let count = posts.len();
    if count < 12 {
        return;
    }
    "A&B产业园 <一期> 今日开园".clone_into(&mut posts[count - 3].title);
    let original = posts[count / 4].clone();
    let copy = &mut posts[count / 2 + 2];
    copy.title = format!("转载:{}", original.title);
    copy.paragraphs = original.paragraphs;
    posts[count / 3].paragraphs.truncate(2);
    posts[count - 5].short_link = Some(posts[count / 4].id);
    posts[count - 6].short_link = Some(SEED_ID);
}
