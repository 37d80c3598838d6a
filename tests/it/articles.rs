//! Small pages of unknown sites, written by hand, and what a reader would say stands on them.

#![expect(clippy::format_collect, reason = "the pages are written to be read")]

use jianbao::article::Article;
use jianbao::capture::Capture;
use jianbao::extract::{Page, PageKind};
use jianbao::url::CanonicalUrl;

fn read(html: &str) -> Article {
    let url = CanonicalUrl::parse("http://paper.example/news/17.html", None).unwrap();
    let at = "2025-03-10T00:00:00Z".parse().unwrap();
    let html = format!("<!DOCTYPE html><html>{html}</html>");
    let capture = Capture::of_page(url, at, Some("text/html; charset=utf-8"), html.into_bytes());
    let (kind, article) = Page::parse(&capture).read(None);
    assert_eq!(kind, PageKind::Article, "{article:#?}");
    article
}

const ENGLISH: &str = "<p>The old pier reopened this weekend after eight months of work, and the new path along the river was full from the first hour.</p>
    <p>More than three hundred trees now line the river, the council said. The stones were taken from the old quay and laid again one by one.</p>
    <p>A small library by the bridge is planned for next year, and the council has asked residents what should stand in it.</p>";

#[test]
fn a_heading_is_read_without_what_stands_beside_the_headline() {
    for (heading, title) in [
        (
            "<span class=article__overline>On the river</span> <span aria-hidden=true class=h-offscreen>-</span> <span>Old pier reopens after eight months</span>",
            "Old pier reopens after eight months",
        ),
        (
            "<time datetime=2024-05-18>May 18</time> Old pier reopens after eight months",
            "Old pier reopens after eight months",
        ),
        (
            "Old pier reopens after eight months<span class=subtitle>The new path was full from the first hour</span>",
            "Old pier reopens after eight months",
        ),
        (
            "<span class=kicker>Riverside:</span> Old pier reopens after eight months",
            "Riverside: Old pier reopens after eight months",
        ),
        ("Old pier reopens <em>after eight months</em>", "Old pier reopens after eight months"),
    ] {
        let page = format!("<title>{title} - Paper</title><article><h1>{heading}</h1>{ENGLISH}</article>");
        let article = read(&page);
        assert_eq!(article.title, title);
        assert!(article.text.starts_with("The old pier") && article.text.ends_with("stand in it."));
    }
}

#[test]
fn the_name_of_a_page_in_its_path_is_not_its_headline() {
    let name = "Pier 2024: reopening date, prices, photos";
    let page = format!(
        "<title>{name} | Paper</title><meta property=og:title content='{name}'>
         <script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"headline\":\"Old pier reopens after eight months\"}}</script>
         <nav class=breadcrumbs><a href=/>Home</a> <a href=/city>City</a> <h1>{name}</h1></nav>
         <article><h2>Old pier reopens after eight months</h2>{ENGLISH}</article>"
    );
    assert_eq!(read(&page).title, "Old pier reopens after eight months");
    let only = format!("<title>{name} | Paper</title><nav><h1>{name}</h1></nav><article>{ENGLISH}</article>");
    assert_eq!(read(&only).title, name);
}

#[test]
fn a_longer_title_speaks_for_the_headline_it_begins_with() {
    let page = format!(
        "<title>The Old Pier | History, Photos, Map and Opening Hours</title>
         <meta property=og:title content='The Old Pier | History, Photos, Map and Opening Hours'>
         <article><h1>The old pier</h1>{ENGLISH}</article>"
    );
    assert_eq!(read(&page).title, "The old pier");
}

#[test]
fn what_goes_on_from_the_headline_is_none() {
    let page = format!(
        "<title>The old pier reopens</title><meta property=og:title content='The old pier reopens'>
         <div itemscope itemtype='http://schema.org/NewsArticle'><h1>The old pier reopens</h1>
         <h1 itemprop=headline>… and the town celebrates</h1><div itemprop=articleBody>{ENGLISH}</div></div>"
    );
    assert_eq!(read(&page).title, "The old pier reopens");
    let page =
        format!("<title>...and the town celebrates</title><h1>...and the town celebrates</h1>{ENGLISH}");
    assert_eq!(read(&page).title, "...and the town celebrates");
}

#[test]
fn a_stated_headline_with_the_name_of_the_site_is_the_documents_title_once_more() {
    let stated = "What is a pier - a guided walk | Paper";
    let page = format!(
        "<title>{stated}</title><meta property=og:site_name content=Paper>
         <script type=application/ld+json>{{\"@type\":\"Article\",\"headline\":\"{stated}\"}}</script>
         <article><h1>A walk along the old pier, from end to end</h1>{ENGLISH}</article>"
    );
    assert_eq!(read(&page).title, "A walk along the old pier, from end to end");
}

#[test]
fn the_name_of_an_article_in_microdata_is_its_headline() {
    let page = format!(
        "<title>River Notes: Small walks along a small river</title><h1><a href=/>River Notes</a></h1>
         <div itemscope itemtype=https://schema.org/BlogPosting><h3 itemprop=name>Small walks along a small river</h3>
         <h1>Why walk</h1>{ENGLISH}<h1>Where to begin</h1>{ENGLISH}</div>"
    );
    assert_eq!(read(&page).title, "Small walks along a small river");
}

const CHINESE: [&str; 4] = [
    "老码头的改造工程在本周末完工,步道向居民开放,晚饭后终于有地方散步了。",
    "工程历时八个月,沿河种下了三百多棵树,石板都是从旧码头上一块一块拆下来重新铺的。",
    "下一步,街道还打算在桥头建一座小图书馆,请居民们一起来想想里面放些什么书。",
    "周末来的人很多,孩子们在新修的台阶上跑来跑去,老人们坐在树下下棋。",
];

fn chinese() -> String {
    CHINESE.iter().map(|line| format!("<p>{line}</p>")).collect()
}

#[test]
fn an_author_has_a_name_and_no_address_site_or_label() {
    for (head, line, author) in [
        (
            "<meta name=author content=j.miller@paper.example>",
            "<p class=author>Jane Miller</p>",
            "Jane Miller",
        ),
        (
            "<script type=application/ld+json>{\"@type\":\"NewsArticle\",\"author\":{\"@type\":\"Organization\",\"name\":\"The River Paper\"}}</script>",
            "<p>By Jane Miller</p>",
            "Jane Miller",
        ),
        ("<meta name=author content=Paper>", "<p>Von Jana Müller</p>", "Jana Müller"),
        ("", "<p>| By Jane Miller | May 18, 2024</p>", "Jane Miller"),
        ("", "<div><p>Written by</p><p>Jane Miller</p></div><p>May 18, 2024</p>", "Jane Miller"),
        ("", "<p>May 18, 2024 · Jane Miller</p>", "Jane Miller"),
        ("", "<p>Autorin: Jana Müller</p>", "Jana Müller"),
        (
            "",
            "<p><span class=meta-author>Publiziert am</span> 18. Mai 2024 von <span class=author>river1984</span></p>",
            "river1984",
        ),
        ("", "<p class=author>von Redaktion, 18. Mai 2024</p>", "Redaktion"),
        (
            "<script type=application/ld+json>{\"@graph\":[{\"@type\":\"WebPage\",\"author\":{\"@id\":\"#p\"}},{\"@type\":\"Person\",\"@id\":\"#p\",\"name\":\"Jane Miller\"}]}</script>",
            "<p>May 18, 2024</p>",
            "Jane Miller",
        ),
        (
            "<meta name=script:ld+json content='{&quot;@type&quot;:&quot;NewsArticle&quot;,&quot;author&quot;:{&quot;name&quot;:&quot;Jane Miller&quot;}}'>",
            "<p>May 18, 2024</p>",
            "Jane Miller",
        ),
        (
            "",
            "<p class=byline-author>Posted by Jane Miller, Tom Baker, Ann Lee Brown and Joe P. Smith - River Team</p>",
            "Jane Miller, Tom Baker, Ann Lee Brown, Joe P. Smith",
        ),
    ] {
        let page = format!(
            "<title>Old pier reopens</title>{head}<article><h1>Old pier reopens</h1>{line}{ENGLISH}</article>"
        );
        assert_eq!(read(&page).author.as_deref(), Some(author), "{line}");
    }
}

#[test]
fn chinese_credits_stand_each_in_its_field() {
    for (above, below, author, source, editor) in [
        ("2024-05-18 12:11来源：河边晚报作者：林小雨", "", Some("林小雨"), Some("河边晚报"), None),
        ("2024-05-18 来源：河边晚报", "（责任编辑：王小明）", None, Some("河边晚报"), Some("王小明")),
        ("2024-05-18", "责编：王小明 校对：李大海", None, None, Some("王小明")),
        (
            "2024-05-18 来源:河边晚报 作者:林小雨 编辑:王小明",
            "",
            Some("林小雨"),
            Some("河边晚报"),
            Some("王小明"),
        ),
        ("2024-05-18 记者 林小雨 通讯员 陈立", "责任编辑：王小明", Some("林小雨"), None, Some("王小明")),
        ("2024-05-18", "文/林小雨", Some("林小雨"), None, None),
        ("2024-05-18", "文/图：林小雨", Some("林小雨"), None, None),
        ("2024-05-18", "（记者 林小雨 通讯员 陈立）", Some("林小雨"), None, None),
    ] {
        let page = format!(
            "<title>老码头改造完工</title><h1>老码头改造完工</h1><p class=info>{above}</p>
             <div class=content>{}<p>{below}</p></div>",
            chinese()
        );
        let article = read(&page);
        let found = [&article.author, &article.source, &article.editor].map(|field| field.as_deref());
        assert_eq!(found, [author, source, editor], "{above} … {below}");
        if editor.is_some() {
            assert_eq!(article.text.lines().count(), 4, "{}", article.text);
        }
    }
}

#[test]
fn a_line_under_a_picture_is_its_caption() {
    let caption = "图为改造后的老码头步道";
    for picture in [
        format!("<figure><img src=/a.jpg alt=pier><figcaption>{caption}</figcaption></figure>"),
        format!("<p align=center><img src=/a.jpg alt=pier></p><p align=center>{caption}</p>"),
        format!("<p style='text-align: center'><img src=/a.jpg alt=pier><br>{caption}</p>"),
        format!(
            "<div class=wp-caption><img src=/a.jpg alt=pier><p class=wp-caption-text>{caption}</p></div>"
        ),
        format!("<div><img src=/a.jpg alt=pier></div><div class=photo-caption>{caption}</div>"),
        format!("<center><img src=/a.jpg alt=pier></center><center>{caption}</center>"),
    ] {
        let page = format!(
            "<title>老码头改造完工</title><h1>老码头改造完工</h1><p>2024-05-18</p>
             <div class=content><p>{}</p>{picture}{}</div>",
            CHINESE[0],
            chinese()
        );
        let article = read(&page);
        let found: Vec<_> = article
            .images
            .iter()
            .map(|image| (image.url.as_str(), image.alt.as_deref(), image.caption.as_deref()))
            .collect();
        assert_eq!(found, [("http://paper.example/a.jpg", Some("pier"), Some(caption))], "{picture}");
    }
    let plain = format!(
        "<title>老码头改造完工</title><h1>老码头改造完工</h1><p>2024-05-18</p>
         <div class=content><p><img src=/a.jpg alt=pier></p>{}</div>",
        chinese()
    );
    assert_eq!(read(&plain).images[0].caption, None);
}

#[test]
fn pictures_with_captions_are_an_article() {
    let pictures: String = ["老码头的步道", "桥头的小图书馆", "沿河种下的树"]
        .iter()
        .enumerate()
        .map(|(i, caption)| format!("<p align=center><img src=/{i}.jpg></p><p align=center>{caption}</p>"))
        .collect();
    let page = format!(
        "<title>图集：老码头今昔</title><h1>图集：老码头今昔</h1><p>2024-05-18 来源：河边晚报</p><div class=content>{pictures}</div>"
    );
    let article = read(&page);
    assert_eq!(article.text, "老码头的步道\n桥头的小图书馆\n沿河种下的树");
    assert_eq!(article.images.len(), 3);
}

#[test]
fn the_entries_of_a_live_blog_are_one_text_in_order() {
    let entries: String = [("15:40", "Tom Baker"), ("14:05", "Jane Miller"), ("12:30", "Jane Miller")]
        .iter()
        .enumerate()
        .map(|(i, (time, name))| {
            format!(
                "<div class=live-entry><time datetime='2024-05-18T{time}:00Z'>{time}</time>
                 <h3>Entry {i} about the walk on the pier</h3>
                 <p>Number {i}: the new path along the river was full, and residents told {name} that they had waited for it since spring.</p></div>"
            )
        })
        .collect();
    let page = format!(
        "<title>Live: old pier reopens</title><article><h1>Live: old pier reopens</h1><p>By Ann Brown</p>
         <p>18 May 2024</p>{entries}</article>"
    );
    let article = read(&page);
    assert_eq!(article.author.as_deref(), Some("Ann Brown"));
    let at: Vec<usize> = (0..3).map(|i| article.text.find(&format!("Number {i}: ")).unwrap()).collect();
    assert!(at.is_sorted(), "{}", article.text);
}

#[test]
fn short_and_odd_articles_are_read_whole() {
    let two = format!(
        "<title>老码头改造完工</title><h1>老码头改造完工</h1><p>2024-05-18</p><div class=content><p>{}</p><p>{}</p></div>",
        CHINESE[0], CHINESE[1]
    );
    assert_eq!(read(&two).text, format!("{}\n{}", CHINESE[0], CHINESE[1]));
    let english = format!(
        "<head><title>Old pier reopens - 河边晚报</title></head><div class=nav><a href=/>首页</a> <a href=/n>新闻</a></div>
         <h1>Old pier reopens</h1><p>2024-05-18 来源：河边晚报 浏览：12</p><div class=content>{ENGLISH}</div><p>版权所有 河边晚报</p>"
    );
    let article = read(&english);
    assert!(
        article.text.starts_with("The old pier") && article.text.ends_with("stand in it."),
        "{}",
        article.text
    );
    let preformatted = format!(
        "<title>老码头改造完工</title><h1>老码头改造完工</h1><p>2024-05-18</p><pre>{}</pre>",
        CHINESE.join("\n")
    );
    assert_eq!(read(&preformatted).text, CHINESE.join("\n"));
    let word: String = CHINESE
        .iter()
        .map(|line| format!("<p class=MsoNormal style='mso-pagination:none'><span lang=EN-US><o:p></o:p></span><span style='font-family:仿宋'>{line}</span></p>"))
        .collect();
    let word = format!(
        "<title>老码头改造完工</title><h1>老码头改造完工</h1><p>2024-05-18</p><div class=content>{word}</div>"
    );
    assert_eq!(read(&word).text, CHINESE.join("\n"));
}

#[test]
fn tables_and_lists_in_a_body_are_kept() {
    let page = format!(
        "<title>老码头改造完工</title><h1>老码头改造完工</h1><p>2024-05-18</p><div class=content><p>{}</p>
         <table><tr><th>项目</th><th>数量</th></tr><tr><td>种树</td><td>三百棵</td></tr><tr><td>石板</td><td>两千块</td></tr></table>
         <p>{}</p><ol><li>先修步道,再种树,让居民早一点走上去</li><li>然后建图书馆,放上居民自己挑选的书</li></ol><p>{}</p></div>",
        CHINESE[0], CHINESE[1], CHINESE[2]
    );
    let article = read(&page);
    let markdown = article.to_markdown();
    assert!(
        markdown.contains("| 项目 | 数量 |\n| --- | --- |\n| 种树 | 三百棵 |\n| 石板 | 两千块 |"),
        "{markdown}"
    );
    assert!(markdown.contains("1. 先修步道,再种树,让居民早一点走上去\n2. 然后建图书馆"), "{markdown}");
}

#[test]
fn a_line_over_the_shared_title_is_no_part_of_it() {
    let name = "Pier 2024: reopening date, prices, photos";
    let page = format!(
        "<title>{name} | Paper</title><meta property=og:title content='Old pier reopens after eight months'>
         <script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"headline\":\"{name}\"}}</script>
         <nav class=breadcrumbs><a href=/>Home</a> <h1>{name}</h1></nav>
         <article><h2>Along the river – Old pier reopens after eight months</h2>{ENGLISH}</article>"
    );
    assert_eq!(read(&page).title, "Old pier reopens after eight months");
}
