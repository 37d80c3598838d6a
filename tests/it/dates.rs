//! Reading undoes printing: the theme's formatter prints an age for thousands of pairs of moments, and
//! what is read from it must hold the moment that it was printed for.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use jianbao::article::{Article, Precision};
use jianbao::capture::Capture;
use jianbao::demo::printed_age;
use jianbao::extract::Page;
use jianbao::extract::date::{Context, Order, read};
use jianbao::url::CanonicalUrl;

/// What a page shows: the formatter's output without its markup.
fn shown(html: &str) -> String {
    html.replace("<span class=\"datetime\">", "").replace("</span>", "")
}

#[test]
fn the_limits_of_a_date_hold_the_moment_it_was_printed_for() {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let (mut pairs, mut exact, mut days, mut right_days) = (0, 0, 0, 0);
    for start in 0..60 {
        let published: Timestamp = "2021-01-03T04:05:06Z".parse().unwrap();
        let published = published + SignedDuration::from_hours(start * 173 + start);
        // Every age from seconds to three years, closer together where the theme prints finer.
        let mut minutes = 0_i64;
        while minutes < 3 * 366 * 1440 {
            let before = SignedDuration::from_mins(minutes) + SignedDuration::from_secs(start % 60);
            let text = shown(&printed_age(published, before));
            let context = Context {
                reference: published + before,
                zone: Some(zone.clone()),
                home: None,
                order: Order::Unknown,
            };
            let date = read(&text, &context).unwrap().published.unwrap();
            assert!(date.from <= published && published <= date.to, "{text} at +{minutes} min: {date:?}");
            pairs += 1;
            let day = published.to_zoned(zone.clone()).date().to_string();
            if !date.approximate {
                exact += 1;
                assert_eq!((date.precision, date.value.as_str()), (Precision::Day, day.as_str()), "{text}");
            } else if date.precision == Precision::Day {
                days += 1;
                right_days += usize::from(date.value == day);
            }
            minutes += (minutes / 40).max(1);
        }
    }
    assert!(pairs > 20_000 && exact > 8_000, "{pairs} {exact}");
    // "N days ago" is rounded: the day may be one off, and so it is marked.
    assert!(days > 500 && right_days * 10 > days * 6, "{right_days} of {days}");
}

/// A page in a language, with a line under its headline and more in its head; fetched on a Monday
/// morning in Shanghai.
fn page(language: &str, head: &str, line: &str) -> Capture {
    let text =
        "The old pier was rebuilt over the winter, and people walk there again after dinner. ".repeat(4);
    let html = format!(
        "<html lang='{language}'><head><title>The old pier reopens</title>{head}</head><body><h1>The old pier reopens</h1>
         <div class=info>{line}</div><div class=content><p>{text}</p><p>{text}</p></div>
         <div class=comments><h3>Comments</h3><div class=comment><time datetime=2024-11-30>2024-11-30</time> Fine.</div></div>
         <footer>© 2009 The Harbour News</footer></body></html>"
    );
    let url = CanonicalUrl::parse("http://e.com/news/1.html", None).unwrap();
    let at = "2025-03-10T08:00:00+08:00".parse().unwrap();
    Capture::of_page(url, at, Some("text/html; charset=utf-8"), html.into_bytes())
}

fn article(capture: &Capture) -> Article {
    Page::parse(capture).article(None).expect("an article")
}

fn published(capture: &Capture) -> Option<String> {
    article(capture).published.map(|date| date.value)
}

#[test]
fn pages_in_many_languages_and_calendars_show_their_day() {
    for (language, line, day) in [
        ("zh-TW", "民國112年2月27日", "2023-02-27"),
        ("zh-TW", "中華民國一百一十二年二月二十七日", "2023-02-27"),
        ("zh-CN", "2023年2月27日 下午3:05", "2023-02-27T15:05"),
        ("zh-CN", "2023-02-27 下午3:05 来源：本报", "2023-02-27T15:05"),
        ("ja", "公開日：令和5年2月27日", "2023-02-27"),
        ("ko", "입력 2023.02.27. 오후 3:05", "2023-02-27T15:05"),
        ("th", "27 กุมภาพันธ์ 2566", "2023-02-27"),
        ("th", "เผยแพร่ 27 ก.พ. 66", "2023-02-27"),
        ("th", "๒๗ กุมภาพันธ์ พ.ศ. ๒๕๖๖", "2023-02-27"),
        ("en", "February 27, 2023", "2023-02-27"),
        ("en", "Posted on 27th of February 2023", "2023-02-27"),
        ("es", "Publicado el 27 de febrero de 2023", "2023-02-27"),
        ("de", "Veröffentlicht am Montag, den 27. Februar 2023", "2023-02-27"),
        ("fr", "Publié le 27 février 2023 à 15h05", "2023-02-27T15:05"),
        ("ru", "27 февраля 2023", "2023-02-27"),
        ("pt", "27 de fevereiro de 2023", "2023-02-27"),
        ("it", "27 febbraio 2023", "2023-02-27"),
        ("ar", "27 فبراير 2023", "2023-02-27"),
        ("ar", "٢٧ شباط ٢٠٢٣", "2023-02-27"),
        ("tr", "27 Şubat 2023", "2023-02-27"),
        ("hi", "27 फ़रवरी 2023", "2023-02-27"),
        ("id", "Senin, 27 Maret 2023", "2023-03-27"),
        ("vi", "ngày 27 tháng 2 năm 2023", "2023-02-27"),
        ("pl", "Opublikowano 27 lutego 2023", "2023-02-27"),
        ("nl", "27 maart 2023", "2023-03-27"),
        ("uk", "27 лютого 2023", "2023-02-27"),
    ] {
        let article = article(&page(language, "", line));
        let found = article.published.as_ref().map(|date| date.value.as_str());
        assert_eq!(found, Some(day), "{line}");
        assert!(!article.published.unwrap().approximate, "{line}");
    }
}

#[test]
fn yesterday_is_counted_back_where_the_language_is_at_home() {
    // Midnight in Greenwich is eight in the morning in Shanghai: the same Monday.
    assert_eq!(published(&page("zh-CN", "", "昨天 12:30")).as_deref(), Some("2025-03-09T12:30"));
    let late =
        Capture { fetched_at: "2025-03-10T17:00:00Z".parse().unwrap(), ..page("zh-CN", "", "昨天 12:30") };
    assert_eq!(published(&late).as_deref(), Some("2025-03-10T12:30"));
}

#[test]
fn what_is_called_an_edit_is_kept_apart() {
    for (line, day, edit) in [
        ("发布于 2024-02-27 15:05 更新于 2024-03-01 09:00", "2024-02-27T15:05", "2024-03-01T09:00"),
        ("更新于 2024-03-01 09:00　发布于 2024-02-27 15:05", "2024-02-27T15:05", "2024-03-01T09:00"),
        ("Updated March 1, 2024. Published February 27, 2024", "2024-02-27", "2024-03-01"),
        ("Veröffentlicht: 27.02.2024 | Aktualisiert: 01.03.2024", "2024-02-27", "2024-03-01"),
        ("입력 2024.02.27 15:05 | 수정 2024.03.01 09:00", "2024-02-27T15:05", "2024-03-01T09:00"),
        ("公開日：2024年2月27日 更新日：2024年3月1日", "2024-02-27", "2024-03-01"),
    ] {
        let article = article(&page("", "", line));
        assert_eq!(article.published.map(|date| date.value).as_deref(), Some(day), "{line}");
        assert_eq!(article.modified.map(|date| date.value).as_deref(), Some(edit), "{line}");
    }
    // An edit is no publication, whatever is shown: what is stated holds.
    let stated = "<meta property='article:published_time' content='2024-02-27T15:05:00+08:00'>";
    let article = article(&page("zh-CN", stated, "更新于 2024-03-01 09:00"));
    assert_eq!(article.published.unwrap().value, "2024-02-27T15:05:00+08:00");
    assert_eq!(article.modified.unwrap().value, "2024-03-01T09:00");
}

#[test]
fn an_epoch_in_a_script_is_a_day_in_the_page_s_zone() {
    // 2023-02-27 00:00 in Shanghai is still the 26th in Greenwich.
    for (language, head, value) in [
        ("zh-CN", "<script>var ct = \"1677427200\";</script>", "2023-02-27T00:00:00+08:00"),
        ("zh-CN", "<script>var oriCreateTime = '1677427200';</script>", "2023-02-27T00:00:00+08:00"),
        ("", "<script>window.data = {\"publish_time\": 1677427200000}</script>", "2023-02-26T16:00:00+00:00"),
        (
            "en",
            "<script>var createTime = '1677427200';</script>
             <meta property='article:modified_time' content='2023-03-01T09:00:00+08:00'>",
            "2023-02-27T00:00:00+08:00",
        ),
        ("en", "<script>var publishTime = 1677427200;</script>", "2023-02-26T16:00:00+00:00"),
    ] {
        let date = article(&page(language, head, "The Harbour News")).published.expect(head);
        assert_eq!((date.value.as_str(), date.precision), (value, Precision::Second), "{head}");
        assert_eq!(date.from, "2023-02-26T16:00:00Z".parse().unwrap(), "{head}");
    }
}

#[test]
fn contradictions_are_noted_and_explained() {
    let json_ld = |day: &str| {
        format!(
            "<script type='application/ld+json'>{{\"@type\":\"NewsArticle\",\"datePublished\":\"{day}\"}}</script>"
        )
    };
    for (head, line, day) in [
        // The stated date was made when the page was, long after the article.
        (json_ld("2025-01-05T10:00:00+08:00"), "2023-02-27", "2023-02-27"),
        // Local time that is called UTC: the day that is shown is right.
        (
            String::new(),
            "<time datetime='2023-02-26T23:30:00+00:00' itemprop=datePublished>2023-02-27</time>",
            "2023-02-27",
        ),
        (String::new(), "<time datetime='2023-02-26T23:30:00+00:00'>2023-02-27</time>", "2023-02-27"),
        (json_ld("2023-02-26T23:30:00+00:00"), "2023-02-27", "2023-02-27"),
    ] {
        let capture = page("zh-CN", &head, line);
        let article = article(&capture);
        assert_eq!(article.published.unwrap().value, day, "{head}{line}");
        let contradicts = |note: &String| note.contains("contradicts the one shown (2023-02-27)");
        assert!(article.notes.iter().any(contradicts), "{head}{line}: {:?}", article.notes);
        assert!(Page::parse(&capture).explain().dates.iter().any(contradicts), "{head}{line}");
    }
}

#[test]
fn one_of_several_stated_days_is_confirmed_by_the_shown_one() {
    let head =
        "<script type='application/ld+json'>{\"@type\":\"Article\",\"datePublished\":\"2023-02-20\"}</script>
                <meta property='article:published_time' content='2023-02-27T08:00:00+08:00'>";
    assert_eq!(
        published(&page("zh-CN", head, "2023年2月27日")).as_deref(),
        Some("2023-02-27T08:00:00+08:00")
    );
    // A date that is not said to be one of publication stands behind what is shown.
    let head = "<meta name=date content='2023-03-05'>";
    assert_eq!(published(&page("zh-CN", head, "2023年2月27日")).as_deref(), Some("2023-02-27"));
    assert_eq!(published(&page("zh-CN", head, "本报记者")).as_deref(), Some("2023-03-05"));
}

#[test]
fn an_address_of_long_ago_knows_better_than_a_day_stated_after_a_move() {
    let head = "<meta property='article:published_time' content='2023-02-27T08:00:00+08:00'>";
    let at = |url: &str| {
        let url = CanonicalUrl::parse(url, None).unwrap();
        published(&Capture { url, ..page("en", head, "Harbour") })
    };
    assert_eq!(at("http://e.com/2019/7/12/pier").as_deref(), Some("2019-07-12"));
    assert_eq!(at("http://e.com/2023/02/01/pier").as_deref(), Some("2023-02-27T08:00:00+08:00"));
}

#[test]
fn a_day_on_which_somebody_looked_at_a_source_is_none_of_publication() {
    for line in ["[引用日期2014-05-19]", "Retrieved 19 May 2014", "abgerufen am 19. Mai 2014"] {
        assert_eq!(published(&page("en", "", line)), None, "{line}");
    }
    let line = "Published 27 February 2023, accessed 19 May 2024";
    assert_eq!(published(&page("en", "", line)).as_deref(), Some("2023-02-27"));
}

#[test]
fn days_of_comments_reviews_and_copyright_lines_never_count() {
    assert_eq!(published(&page("en", "", "The Harbour News")), None);
    let head = "<script type='application/ld+json'>{\"@type\":\"Recipe\",\"datePublished\":\"2023-02-27\",
                \"review\":[{\"@type\":\"Review\",\"datePublished\":\"2024-12-01\"}]}</script>";
    assert_eq!(published(&page("en", head, "The Harbour News")).as_deref(), Some("2023-02-27"));
}

#[test]
fn the_address_and_an_imprint_name_the_day_when_nothing_else_does() {
    let at = |url: &str, line: &str| {
        let url = CanonicalUrl::parse(url, None).unwrap();
        published(&Capture { url, ..page("en", "", line) })
    };
    assert_eq!(at("http://e.com/2023/02/27/pier", "Harbour").as_deref(), Some("2023-02-27"));
    assert_eq!(at("http://e.com/2023/2/7/pier", "Harbour").as_deref(), Some("2023-02-07"));
    assert_eq!(at("http://e.com/2023/02/pier", "Harbour"), None);
    let html = |below: &str| {
        let capture = page("en", "", "Harbour");
        let html = String::from_utf8(capture.body.clone()).unwrap().replace("© 2009", below);
        Capture { body: html.into_bytes(), ..capture }
    };
    assert_eq!(published(&html("Published: 27 February 2023 <br>© 2009")).as_deref(), Some("2023-02-27"));
}
