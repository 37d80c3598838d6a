//! Answers that say no: when so many came in a row that asking on would only make it worse.

/// How an answer refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 401, 403 or 451, or a page that asks for a proof of being human.
    Forbidden(u16),
    /// 429 or 503: too much was asked for.
    Overload(u16),
}

impl Refusal {
    /// The refusal that a status is, if it is one.
    pub fn of_status(status: u16) -> Option<Self> {
        match status {
            401 | 403 | 451 => Some(Self::Forbidden(status)),
            429 | 503 => Some(Self::Overload(status)),
            _ => None,
        }
    }

    /// Refusals of this kind in a row that are borne. A site may well forbid some of its pages, which stand
    /// together in its lists; who says that it is too much means every page.
    fn borne(self) -> u32 {
        match self {
            Self::Forbidden(_) => 10,
            Self::Overload(_) => 5,
        }
    }

    /// In words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Forbidden(200..=299) => {
                "pages that ask for a proof of being human or say that access is denied"
            }
            Self::Forbidden(_) => "refusals (403 Forbidden or the like)",
            Self::Overload(429) => "429 Too Many Requests",
            Self::Overload(_) => "503 Service Unavailable",
        }
    }
}

/// What came of a request, as far as refusals go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// No answer, or none that was asked for: it says nothing.
    None,
    /// An answer other than a refusal.
    Served,
    /// A refusal.
    Refused(Refusal),
}

/// The refusals in a row that a site gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refusals {
    count: u32,
}

impl Refusals {
    /// Notes what came of a request. Gives the number of refusals in a row once they are more than is borne.
    pub fn note(&mut self, reply: Reply) -> Option<u32> {
        match reply {
            Reply::None => None,
            Reply::Served => {
                self.count = 0;
                None
            }
            Reply::Refused(refusal) => {
                self.count += 1;
                (self.count >= refusal.borne()).then_some(self.count)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_in_a_row_end_a_site_and_overload_sooner() {
        let until = |status: u16, else_every: u32| {
            let mut refusals = Refusals::default();
            (1..100).find(|n| {
                let status = if else_every > 0 && n % else_every == 0 { 200 } else { status };
                refusals.note(Refusal::of_status(status).map_or(Reply::Served, Reply::Refused)).is_some()
            })
        };
        assert_eq!(
            [until(403, 0), until(429, 0), until(503, 0), until(404, 0)],
            [Some(10), Some(5), Some(5), None]
        );
        assert_eq!([until(403, 10), until(429, 5)], [None, None]);
    }
}
