//! Dates that stand on the page for readers.

use crate::article::{Precision, Published};
use crate::extract::body::{LinePlace, PageLine, Reading};
use crate::extract::date::{self, Context, Label, Named};

/// Half characters, at most, of a line of the body that is nothing but a date,
const DATE_LINE: u32 = 44;
/// of a line that is there for its date,
const SHORT_LINE: u32 = 70;
/// and of one that has author, source and counters in it too.
const INFO_LINE: u32 = 160;

/// The web is no older: an earlier day that nothing says to be one of publication is a birthday.
const OLDEST: &str = "1995";

/// The dates, by where they stand.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// In lines that are there for them, by the headline.
    pub(super) published: Vec<Published>,
    /// In a line that calls it the day of an edit.
    pub(super) modified: Option<Published>,
    /// At the head among other words.
    pub(super) head: Option<Published>,
    /// Below the body.
    pub(super) below: Option<Published>,
    /// Elsewhere, in a line that tells about an article.
    pub(super) elsewhere: Option<Published>,
    /// Days without a year and ages that were rounded.
    pub(super) vague: Option<Published>,
}

pub(super) fn shown(reading: &Reading, context: &Context) -> Shown {
    let mut shown = Shown::default();
    for line in reading.lines().filter(may_be_read) {
        let Ok(mut dates) = date::each(line.text, context) else { continue };
        dates.sort_by_key(|named| match named.label {
            Label::Published => 0,
            Label::Date => 1,
            Label::Modified | Label::Other | Label::None => 2,
        });
        for named in dates {
            shown.note(&line, named);
        }
    }
    shown
}

fn may_be_read(line: &PageLine<'_>) -> bool {
    let limit = match line.place {
        LinePlace::Tail if line.is_comment => return false,
        LinePlace::Head | LinePlace::Tail | LinePlace::Body(0..4, _) => INFO_LINE,
        LinePlace::Body(_, 0..3) => DATE_LINE,
        LinePlace::Elsewhere if line.is_info && !line.is_comment => INFO_LINE,
        LinePlace::Elsewhere | LinePlace::Body(..) => return false,
    };
    line.width <= limit && may_hold_date(line.text)
}

impl Shown {
    fn note(&mut self, line: &PageLine<'_>, named: Named) {
        let is_date_line =
            line.is_by_heading && (line.width <= DATE_LINE || line.is_info && line.width <= SHORT_LINE);
        // A longer line of the body may tell of any day: one of publication has a label or a time.
        let is_prose = matches!(line.place, LinePlace::Body(..))
            && line.width > DATE_LINE
            && named.label == Label::None
            && named.date.precision < Precision::Minute;
        let is_too_old = named.label == Label::None && named.date.value.as_str() < OLDEST;
        let place = match line.place {
            _ if named.date.precision < Precision::Day || is_prose || is_too_old => return,
            _ if named.label == Label::Modified && !named.date.approximate => &mut self.modified,
            // 今日开园 in a headline tells no date.
            _ if !named.is_day() && line.is_heading => return,
            _ if !named.is_day() => &mut self.vague,
            LinePlace::Head if is_date_line && !line.is_heading => return self.published.push(named.date),
            _ if line.is_heading => &mut self.below,
            LinePlace::Head | LinePlace::Body(0..4, _) => &mut self.head,
            LinePlace::Elsewhere => &mut self.elsewhere,
            _ => &mut self.below,
        };
        place.get_or_insert(named.date);
    }
}

/// Whether there are digits enough for a date, or numbers in Han characters.
pub(super) fn may_hold_date(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= 2
        || !text.is_ascii()
            && (text.contains(['年', '月', '日', '前', '昨', '今', '刚', '剛'])
                || text.chars().filter(|c| c.is_numeric()).count() >= 2)
}
