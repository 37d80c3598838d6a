//! Small pages of unknown sites, written by hand, and what a reader would say stands on them.

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
