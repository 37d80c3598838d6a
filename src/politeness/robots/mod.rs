//! robots.txt as RFC 9309 says, with the leniency of Google's parser where the RFC is silent.
//!
//! Matching takes time linear in a rule and the path, whatever they hold.

mod pattern;

use serde::Serialize;

use pattern::{Pattern, units};

/// No more of a robots.txt than this is read (RFC 9309 §2.5).
pub const MAX_BYTES: usize = 500 * 1024;
/// No more of a line than this is read, as in Google's parser.
const MAX_LINE: usize = 2083 * 8 - 1;

/// A parsed robots.txt.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Robots {
    groups: Vec<Group>,
    /// URLs of sitemaps, as written.
    pub sitemaps: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Group {
    agents: Vec<Agent>,
    /// For each agent, its Crawl-delay.
    delays: Vec<Option<f64>>,
    /// Agents named since the last Crawl-delay begin here.
    undelayed: usize,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq)]
enum Agent {
    Any,
    /// Lower case: the product token of RFC 9309 and the whole first word.
    Named {
        token: String,
        word: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    allow: bool,
    text: String,
    pattern: Pattern,
}

/// The answer for one URL.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether the URL may be fetched.
    pub allowed: bool,
    /// Seconds between requests, when the file asks for a delay.
    pub crawl_delay: Option<f64>,
    /// The line that decided, such as `disallow: /private`.
    pub rule: Option<String>,
}

impl Robots {
    /// Reads a robots.txt; whatever is no rule is skipped.
    pub fn parse(bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(MAX_BYTES)];
        let utf8 = from_utf16(bytes);
        let bytes = strip_bom(utf8.as_deref().unwrap_or(bytes));
        let mut robots = Self::default();
        let mut group = Group::default();
        let mut rules_began = false;
        for line in bytes.split(|byte| matches!(byte, b'\n' | b'\r')) {
            let line = String::from_utf8_lossy(&line[..line.len().min(MAX_LINE)]).replace('\0', "");
            let Some((key, value)) = key_value(&line) else { continue };
            match Key::of(&key) {
                Key::UserAgent => {
                    if rules_began {
                        robots.groups.push(std::mem::take(&mut group));
                        rules_began = false;
                    }
                    if group.delays.last().is_some_and(Option::is_some) {
                        group.undelayed = group.agents.len();
                    }
                    group.agents.push(Agent::parse(value));
                    group.delays.push(None);
                }
                Key::Rule { allow } => {
                    rules_began = true;
                    if !group.agents.is_empty() {
                        group.add_rule(allow, value);
                    }
                }
                Key::CrawlDelay => {
                    let delay = value.parse().ok().filter(|d: &f64| d.is_finite() && *d >= 0.0);
                    for agent in &mut group.delays[group.undelayed..] {
                        *agent = agent.or(delay);
                    }
                }
                Key::Sitemap => robots.sitemaps.push(value.to_owned()),
                Key::Other => {}
            }
        }
        robots.groups.push(group);
        robots
    }

    /// Whether `user_agent` (a product token, or a header that starts with one) may fetch `url`.
    pub fn verdict(&self, user_agent: &str, url: &str) -> Verdict {
        let wanted = Agent::parse(user_agent);
        let groups = self.groups_for(&wanted);
        let crawl_delay = groups.iter().find_map(|(group, agent)| group.delay_of(agent));
        let path = path_of(url);
        if path == "/robots.txt" {
            return Verdict { allowed: true, crawl_delay, rule: None };
        }
        let path = units(path);
        // The longest pattern wins, and of two equally long ones the one that allows.
        let decisive = groups
            .iter()
            .flat_map(|(group, _)| &group.rules)
            .filter(|rule| !rule.pattern.is_empty() && rule.pattern.matches(&path))
            .max_by_key(|rule| (rule.pattern.length, rule.allow));
        Verdict {
            allowed: decisive.is_none_or(|rule| rule.allow),
            crawl_delay,
            rule: decisive
                .map(|rule| format!("{}: {}", if rule.allow { "allow" } else { "disallow" }, rule.text)),
        }
    }

    /// Groups that name the agent, merged; else those for everybody (RFC 9309 §2.2.1). Each comes
    /// with the agent as the group names it.
    fn groups_for(&self, wanted: &Agent) -> Vec<(&Group, &Agent)> {
        let naming = |is_meant: &dyn Fn(&Agent) -> bool| -> Vec<(&Group, &Agent)> {
            self.groups.iter().filter_map(|g| g.agents.iter().find(|a| is_meant(a)).map(|a| (g, a))).collect()
        };
        let named = naming(&|agent| wanted.is_same(agent));
        if named.is_empty() { naming(&|agent| *agent == Agent::Any) } else { named }
    }
}

impl Group {
    fn add_rule(&mut self, allow: bool, value: &str) {
        self.rules.push(Rule { allow, text: value.to_owned(), pattern: Pattern::new(value) });
        // As in Google's parser, allowing a folder's index page allows the folder.
        if let Some((folder, page)) = value.rsplit_once('/')
            && allow
            && page.starts_with("index.htm")
        {
            let pattern = Pattern::new(&format!("{folder}/$"));
            self.rules.push(Rule { allow, text: value.to_owned(), pattern });
        }
    }

    fn delay_of(&self, wanted: &Agent) -> Option<f64> {
        self.agents
            .iter()
            .zip(&self.delays)
            .filter(|(agent, _)| *agent == wanted)
            .find_map(|(_, delay)| *delay)
    }
}

impl Agent {
    fn parse(value: &str) -> Self {
        let word = value.split('/').next().unwrap_or_default().trim().to_lowercase();
        if word.split([' ', '\t']).next() == Some("*") {
            return Self::Any;
        }
        let token: String =
            word.chars().take_while(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_')).collect();
        Self::Named { token, word }
    }

    /// Whether a line means this agent: by its product token, which ends at the first character that
    /// none has, or by its whole first word, for names like `008` that are no product tokens.
    fn is_same(&self, line: &Agent) -> bool {
        match (self, line) {
            (Self::Named { word, .. }, Self::Named { token, word: line_word }) => {
                let first = line_word.split([' ', '\t']).next().unwrap_or_default();
                !word.is_empty() && (word == token || (word == first && !word.contains([' ', '\t'])))
            }
            _ => false,
        }
    }
}

enum Key {
    UserAgent,
    Rule { allow: bool },
    CrawlDelay,
    Sitemap,
    Other,
}

impl Key {
    /// The keys of RFC 9309 with the misspellings that Google's parser takes.
    fn of(key: &str) -> Self {
        match key {
            "user-agent" | "useragent" | "user agent" => Self::UserAgent,
            "allow" => Self::Rule { allow: true },
            "disallow" | "dissallow" | "dissalow" | "disalow" | "diasllow" | "disallaw" => {
                Self::Rule { allow: false }
            }
            "crawl-delay" | "crawldelay" | "crawl delay" => Self::CrawlDelay,
            "sitemap" | "site-map" => Self::Sitemap,
            _ => Self::Other,
        }
    }
}

/// A file with a UTF-16 byte order mark, as UTF-8.
fn from_utf16(bytes: &[u8]) -> Option<Vec<u8>> {
    let (encoding, length) = encoding_rs::Encoding::for_bom(bytes)?;
    let is_utf16 = encoding != encoding_rs::UTF_8;
    is_utf16.then(|| encoding.decode_without_bom_handling(&bytes[length..]).0.into_owned().into_bytes())
}

fn strip_bom(bytes: &[u8]) -> &[u8] {
    const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];
    let matching = bytes.iter().zip(BOM).take_while(|(a, b)| **a == *b).count();
    &bytes[matching..]
}

/// `key: value` without comment; a colon that was forgotten may be white space.
fn key_value(line: &str) -> Option<(String, &str)> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let (key, value) = if let Some(parts) = line.split_once(':') {
        parts
    } else {
        let (key, value) = line.split_once([' ', '\t'])?;
        let value = value.trim();
        (!value.contains([' ', '\t'])).then_some((key, value))?
    };
    Some((key.trim().to_lowercase(), value.trim()))
}

/// Path and query of a URL that may lack its scheme; at least `/`.
fn path_of(url: &str) -> &str {
    let rest =
        url.split_once("//").filter(|(before, _)| !before.contains(['/', '?'])).map_or(url, |(_, rest)| rest);
    let rest = match rest.find(['/', '?', ';']) {
        Some(start) => &rest[start..],
        None => return "/",
    };
    let rest = rest.split('#').next().unwrap_or_default();
    if rest.is_empty() { "/" } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(robots: &str, agent: &str, url: &str) -> bool {
        Robots::parse(robots.as_bytes()).verdict(agent, url).allowed
    }

    #[test]
    fn the_most_specific_rule_decides() {
        let robots = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c$\nDisallow: /*.pdf$\n";
        for (path, want) in [
            ("/", true),
            ("/a", false),
            ("/a/b", true),
            ("/a/b/c", false),
            ("/a/b/c/d", true),
            ("/x.pdf", false),
            ("/x.pdf?v=1", true),
            ("/robots.txt", true),
        ] {
            assert_eq!(allowed(robots, "jianbao", &format!("http://e.com{path}")), want, "{path}");
        }
    }

    #[test]
    fn groups_of_one_agent_are_merged_and_shut_out_the_group_for_all() {
        let robots = "user-agent: A\nuser-agent: b\ndisallow: /1\n\nuser-agent: *\ndisallow: /\n\nuser-agent: a\ndisallow: /2";
        for (agent, path, want) in [
            ("a", "/1", false),
            ("A/2.0", "/2", false),
            ("a", "/3", true),
            ("b", "/2", true),
            ("c", "/3", false),
        ] {
            assert_eq!(allowed(robots, agent, path), want, "{agent} {path}");
        }
    }

    #[test]
    fn encodings_of_one_path_are_equal_but_for_reserved_characters() {
        for (rule, path, want) in [
            ("/%7ejoe/", "/~joe/a", false),
            ("/新闻", "/%E6%96%B0%E9%97%BB/1", false),
            ("/a%2Fb", "/a/b", true),
            ("/a%2fb", "/a%2Fb", false),
            ("/x%2A", "/xyz", true),
            ("/x%2A", "/x*", false),
            // RFC 9309 §2.2.2 and §2.2.3: the tables of examples.
            ("/foo/bar?baz=quz", "/foo/bar?baz=quz", false),
            ("/foo/bar?baz=http://foo.bar", "/foo/bar?baz=http://foo.bar", false),
            ("/foo/bar?baz=http%3A%2F%2Ffoo.bar", "/foo/bar?baz=http%3A%2F%2Ffoo.bar", false),
            ("/foo/bar/ツ", "/foo/bar/%E3%83%84", false),
            ("/foo/bar/%E3%83%84", "/foo/bar/%E3%83%84", false),
            ("/foo/bar/%62%61%7A", "/foo/bar/baz", false),
            ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", false),
            ("/path/foo-%24", "/path/foo-$", false),
            ("/path/foo-%24", "/path/foo-", true),
            // Either side may be escaped, with digits of either case.
            ("/baz", "/%62%61%7a", false),
            ("/%e6%96%b0", "/%E6%96%B0", false),
            ("/新", "/%e6%96%b0", false),
            ("/%E6%96%B0", "/新", false),
            ("/%7E", "/~", false),
            ("/%2D%2E%5F", "/-._", false),
            ("/%3a", "/%3A", false),
            ("/%3A", "/:", true),
            ("/a%3Fb", "/a?b", true),
            ("/%20", "/ ", false),
            ("/%", "/%", false),
            ("/%zz", "/%zz", false),
            ("/100%25", "/100%25", false),
            ("/100%", "/100%25", true),
        ] {
            for (rules, want) in [
                (format!("disallow: {rule}"), want),
                // The same of a rule that allows.
                (format!("disallow: /\nallow: {rule}"), !want),
            ] {
                assert_eq!(allowed(&format!("user-agent: *\n{rules}"), "j", path), want, "{rules} {path}");
            }
        }
    }

    #[test]
    fn the_longer_rule_is_told_by_its_normal_form() {
        for (rules, path, want) in [
            // Five characters as written, two in the normal form.
            ("disallow: /%62\nallow: /ba", "/baz", true),
            ("allow: /%62\ndisallow: /ba", "/baz", false),
            // Equally long: what allows wins.
            ("disallow: /baz\nallow: /%62a%7A", "/baz", true),
            ("disallow: /新\nallow: /%E6%96%B0", "/新", true),
            ("allow: /新\ndisallow: /%E6%96%B0/", "/新/", false),
        ] {
            assert_eq!(allowed(&format!("user-agent: *\n{rules}"), "j", path), want, "{rules} {path}");
        }
    }

    #[test]
    fn dirt_is_skipped() {
        assert!(!allowed("\u{feff}User-agent: *\r\rDisallow: /x # why\r", "j", "/x"));
        assert!(allowed("<html>User-agent: *<br>Disallow: /</html>", "j", "/x"));
        assert!(allowed("Disallow: /\n", "j", "/x"));
        assert!(allowed("User-agent: *\nDisallow:\n", "j", "/x"));
        assert_eq!(
            Robots::parse(b"User-agent: *\nCrawl-delay: 2.5\nSitemap: http://e.com/s.xml")
                .verdict("j", "/")
                .crawl_delay,
            Some(2.5)
        );
    }

    #[test]
    fn wildcards_cost_linear_time() {
        let rule = format!("user-agent: *\ndisallow: /{}$", "*a".repeat(1000));
        assert!(allowed(&rule, "j", &format!("/{}b", "a".repeat(4000))));
    }

    #[test]
    fn a_piece_that_nearly_matches_everywhere_costs_linear_time() {
        let rules = format!("disallow: /*{}b*\n", "a".repeat(2000)).repeat(200);
        let robots = Robots::parse(format!("user-agent: *\n{rules}").as_bytes());
        let path = format!("/{}", "a".repeat(4000));
        let began = std::time::Instant::now();
        assert!((0..5).all(|_| robots.verdict("j", &path).allowed));
        assert!(began.elapsed() < std::time::Duration::from_secs(3), "{:?}", began.elapsed());
    }
}
