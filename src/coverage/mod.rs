//! How complete an archive is: what the ways to find posts say of the posts that none of them found.
//!
//! Routes that find posts independently of each other are captures and recaptures of one
//! population: from how much they overlap follows how much all of them missed. They must be
//! independent only within a month and a section; where more than chance speaks against that, or
//! where it can't be checked, the answer is what was found, and why there is no more to say.
//! docs/coverage.md has the method, its sources and how often it is right.

mod estimate;
mod ids;
mod rivals;
mod strata;
mod suspects;
mod table;

use serde::Serialize;

pub use ids::numbered;

/// The routes that are counted as looks at a site, by their names in `discovery.route`. A seed is
/// named by hand and an alias by its article: neither says anything of what there is.
pub const ROUTES: [&str; 7] = ["list", "feed", "sitemap", "id", "related", "api", "import"];

/// The bit that stands for a route in [`Post::routes`]; 0 for names that are no look at a site.
pub fn route_bit(name: &str) -> u8 {
    ROUTES.iter().position(|route| *route == name).map_or(0, |at| 1 << at)
}

/// An article that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Post {
    /// A bit for each of [`ROUTES`] that found it.
    pub routes: u8,
    /// The month it was published in, counted from the year 0; none when unknown.
    pub month: Option<i32>,
    /// Its section.
    pub section: Option<String>,
    /// Its number, when it stands in its URL.
    pub id: Option<i64>,
}

/// A number whose URL is known, whatever stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub id: i64,
    /// It was looked at, and what stands there is known: an article, or nothing.
    pub is_judged: bool,
    /// It came up by counting.
    pub is_counted: bool,
}

/// What is known of a site.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Its articles.
    pub posts: Vec<Post>,
    /// The numbers of its URLs, articles or not.
    pub numbers: Vec<Number>,
}

/// How many articles there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// So many, with 95 % confidence between the limits.
    Estimate {
        /// Articles that are known.
        found: u64,
        /// Articles that there are.
        estimated: u64,
        /// The lower limit.
        low: u64,
        /// The upper limit.
        high: u64,
    },
    /// At least as many as are known.
    AtLeast {
        /// Articles that are known.
        found: u64,
        /// Why no more can be said.
        why: String,
    },
}

/// Where articles may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Suspects {
    /// Numbers that never came up though nearly all around them did.
    pub ids: Vec<i64>,
    /// Months in which a section has far fewer articles than before and after.
    pub holes: Vec<Hole>,
}

/// A month in which a section has far fewer articles than its neighbours and the other sections say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hole {
    /// Such as `2023-02`.
    pub month: String,
    /// The section; none for articles without one.
    pub section: Option<String>,
    /// Articles that are known.
    pub found: u64,
    /// Articles that were to be expected.
    pub expected: u64,
}

/// How many articles a site has, as far as its routes can tell.
pub fn extent(survey: &Survey) -> Extent {
    ids::census(survey).unwrap_or_else(|| estimate::extent(&survey.posts))
}

/// Where articles of a site may be missing.
pub fn suspects(survey: &Survey) -> Suspects {
    Suspects { ids: suspects::ids(survey), holes: suspects::holes(&survey.posts) }
}

/// A count as a number to reckon with.
fn real(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
