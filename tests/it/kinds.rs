//! What is this page? Pages of every kind, in several shapes each; the table of right and wrong
//! answers is printed when one is wrong.

#![expect(clippy::format_collect, reason = "the pages are written to be read")]

use std::collections::BTreeMap;

use jianbao::capture::Capture;
use jianbao::extract::{Page, PageKind};
use jianbao::url::CanonicalUrl;

fn kind(path: &str, html: &str) -> PageKind {
    let url = CanonicalUrl::parse(&format!("http://paper.example{path}"), None).unwrap();
    let at = "2025-03-10T00:00:00Z".parse().unwrap();
    Page::parse(&Capture::of_page(url, at, Some("text/html; charset=utf-8"), html.as_bytes().to_vec()))
        .read(None)
        .0
}

fn page(title: &str, body: &str) -> String {
    let menu: String = ["首页", "新闻", "公告", "关于", "联系"]
        .iter()
        .map(|name| format!("<li><a href=/{name}>{name}</a></li>"))
        .collect();
    format!(
        "<!DOCTYPE html><html lang=zh><head><title>{title}</title></head><body><nav><ul>{menu}</ul></nav>{body}
         <footer><p>版权所有 某某网 沪ICP备00000000号</p></footer></body></html>"
    )
}

const SENTENCES: [&str; 6] = [
    "老码头的改造工程在本周末完工,步道向居民开放。",
    "工程历时八个月,沿河种下了三百多棵树。",
    "附近的居民说,晚饭后终于有地方散步了。",
    "负责施工的王师傅介绍,石板都是从旧码头上一块一块拆下来重新铺的。",
    "下一步,街道还打算在桥头建一座小图书馆。",
    "周末来的人很多,孩子们在新修的台阶上跑来跑去。",
];
const WORDS: [&str; 6] = [
    "The old pier reopened this weekend after eight months of work.",
    "More than three hundred trees now line the river, the council said.",
    "Residents who had waited since spring came early to walk the new path.",
    "The stones were taken from the old quay and laid again one by one.",
    "A small library by the bridge is planned for next year.",
    "Children ran up and down the new steps all afternoon.",
];

fn paragraphs(of: &[&str], count: usize, open: &str, close: &str) -> String {
    (0..count).map(|i| format!("{open}{}{}{close}", of[i % of.len()], of[(i + 2) % of.len()])).collect()
}

fn articles() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for (index, of) in [SENTENCES, WORDS].iter().enumerate() {
        for count in [2, 4, 9, 25] {
            let title = of[index];
            let shapes = [
                format!(
                    "<h1>{title}</h1><p class=info>2024-05-18 来源:本报</p><div class=content>{}</div>",
                    paragraphs(of, count, "<p>", "</p>")
                ),
                format!(
                    "<div><h2>{title}</h2><span>2024-05-18</span><div>{}</div></div>",
                    paragraphs(of, count, "", "<br><br>")
                ),
                format!(
                    "<article><h1>{title}</h1><time datetime=2024-05-18>May 18</time>{}<aside><h3>More</h3><ul><li><a href=/x>another story of the river</a></li><li><a href=/y>the bridge that was moved</a></li></ul></aside></article>",
                    paragraphs(of, count, "<p>", "</p>")
                ),
                format!(
                    "<h1>{title}</h1><p>2024-05-18</p><section>{}</section><div class=related>{}</div>",
                    paragraphs(of, count, "<section><span>", "</span></section>"),
                    (0..8)
                        .map(|i| format!(
                            "<div class=rel><a href=/r/{i}>{}</a><p>{}</p></div>",
                            of[i % 6],
                            of[(i + 1) % 6]
                        ))
                        .collect::<String>()
                ),
            ];
            pages.extend(shapes.map(|body| (format!("/news/{count}.html"), page(title, &body))));
        }
    }
    pages
}

fn lists() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for of in [SENTENCES, WORDS] {
        for count in [6, 10, 20, 40] {
            let items = |open: &str, with_text: bool, close: &str| -> String {
                (0..count)
                    .map(|i| {
                        let text = if with_text { format!("<p>{}{}</p>", of[(i + 1) % 6], of[(i + 3) % 6]) } else { String::new() };
                        format!("{open}<h3><a href=/news/{i}.html>{} {i}</a></h3><span>2024-05-{:02}</span>{text}{close}", of[i % 6], i % 28 + 1)
                    })
                    .collect()
            };
            let shapes = [
                format!("<h1>新闻中心</h1><ul class=list>{}</ul>", items("<li>", false, "</li>")),
                format!("<h2>新闻</h2>{}", items("<div class=item>", true, "</div>")),
                format!(
                    "<main>{}</main><a href=?page=2>下一页</a>",
                    items("<article class=post>", true, "</article>")
                ),
                format!("<table>{}</table>", items("<tr><td>", false, "</td></tr>")),
                format!(
                    "<div class=content><div class=news-list>{}</div></div>",
                    items("<div class=card><img src=/i.jpg>", true, "</div>")
                ),
            ];
            pages.extend(shapes.map(|body| ("/news/".to_owned(), page("新闻中心 - 某某网", &body))));
        }
    }
    pages
}

fn others() -> Vec<(PageKind, String, String)> {
    let own = |kind, html: &str| (kind, "/news/1.html".to_owned(), html.to_owned());
    let mut pages = vec![
        own(
            PageKind::Challenge,
            "<title>Just a moment...</title><h1>paper.example</h1><p>Verifying you are human. This may take a few seconds.</p>",
        ),
        own(
            PageKind::Challenge,
            "<title>Attention Required!</title><h1>Sorry, you have been blocked</h1><p>Ray ID: 8a1b2c3d</p>",
        ),
        own(
            PageKind::Challenge,
            "<title>Access Denied</title><h1>Access Denied</h1><p>You don't have permission to access this server.</p>",
        ),
        own(
            PageKind::Challenge,
            "<title>安全验证</title><div>请完成验证后继续访问</div><div id=slider></div>",
        ),
        own(PageKind::Challenge, "<title>访问受限</title><p>您的访问过于频繁,请稍后再试。</p>"),
        own(
            PageKind::Challenge,
            "<title>paper</title><p>Our systems have detected unusual traffic. Please solve the CAPTCHA to go on.</p>",
        ),
        own(
            PageKind::Login,
            "<title>用户登录</title><form><input name=u><input type=password name=p><button>登录</button></form>",
        ),
        own(
            PageKind::Login,
            "<title>Sign in</title><h1>Sign in to continue</h1><form><input type=email><input type=password></form><p>Forgot it?</p>",
        ),
        own(
            PageKind::Login,
            "<title>会员中心</title><p>请先登录后查看全文</p><form><input type=password></form>",
        ),
        own(PageKind::Missing, "<title>404 Not Found</title><h1>404</h1><p>The page cannot be found.</p>"),
        own(
            PageKind::Missing,
            &page("页面不存在", "<h1>页面不存在</h1><p>您访问的页面已被删除,请返回首页。</p>"),
        ),
        own(PageKind::Missing, &page("提示信息", "<div>您访问的文章已被删除。</div>")),
        own(PageKind::Missing, &page("出错了", "<h1>出错了</h1><p>抱歉,您要找的文章不存在。</p>")),
        own(
            PageKind::Missing,
            &page(
                "Page not found - Paper",
                "<h1>Page not found</h1><p>Sorry, this story does not exist or has been removed.</p>",
            ),
        ),
        own(
            PageKind::Shell,
            "<title>Paper</title><div id=app></div><script src=/a.js></script><script src=/b.js></script><script>boot()</script>",
        ),
        own(
            PageKind::Shell,
            "<title>报纸</title><noscript>请启用JavaScript</noscript><div id=root>加载中...</div><script src=/m.js></script>",
        ),
        own(
            PageKind::Stub,
            "<title>moved</title><meta http-equiv=refresh content='0; url=/new.html'><p>The page has moved.</p>",
        ),
        own(PageKind::Stub, "<script>window.location.href='/new.html'</script>"),
    ];
    for (_, html) in lists().into_iter().step_by(5) {
        pages.push((PageKind::Home, "/".to_owned(), html));
    }
    pages
}

#[test]
fn pages_are_told_apart() {
    let mut cases: Vec<(PageKind, String, String)> = Vec::new();
    cases.extend(articles().into_iter().map(|(path, html)| (PageKind::Article, path, html)));
    cases.extend(lists().into_iter().map(|(path, html)| (PageKind::List, path, html)));
    cases.extend(others());
    let mut table: BTreeMap<(PageKind, PageKind), usize> = BTreeMap::new();
    let mut archived_wrongly = Vec::new();
    for (want, path, html) in &cases {
        let got = kind(path, html);
        *table.entry((*want, got)).or_default() += 1;
        if got == PageKind::Article && *want != got {
            archived_wrongly.push(html.chars().skip(230).take(160).collect::<String>());
        }
    }
    let right: usize = table.iter().filter(|((want, got), _)| want == got).map(|(_, count)| count).sum();
    assert!(archived_wrongly.is_empty(), "archived as articles: {archived_wrongly:#?}");
    assert!(right * 100 >= cases.len() * 98, "{right} of {} right: {table:#?}", cases.len());
}

/// Sections' pages: titles, most with a date and some with a section's name beside it.
fn sections() -> Vec<(String, String)> {
    let shapes: [fn(&str, &str, usize) -> String; 17] = [
        |link, _, _| format!("<li>{link}</li>"),
        |link, day, _| format!("<li>{link}<span>{day}</span></li>"),
        |link, day, _| format!("<li><span>{day}</span>{link}</li>"),
        |link, day, _| format!("<li>{link} [{day}]</li>"),
        |link, day, _| format!("<li>· {link} <em>({day})</em></li>"),
        |link, day, _| format!("<li>[通知公告] {link} <span>{day}</span></li>"),
        |link, day, _| format!("<li><a href=/gg/>[通知公告]</a>{link}<span>{day}</span></li>"),
        |link, day, _| format!("<li>{link}<i>园区动态 {day}</i></li>"),
        |link, day, _| format!("<tr><td>{link}</td><td>{day}</td></tr>"),
        |link, day, _| format!("<tr><td>通知</td><td>{link}</td><td align=right>{day}</td></tr>"),
        |link, day, _| format!("<li>{link}<p>{day}</p></li>"),
        |link, day, _| format!("<div class=row><div class=t>{link}</div><div class=d>{day}</div></div>"),
        |link, day, _| format!("<dl><dt>{link}</dt><dd>{day}</dd></dl>"),
        |link, day, _| format!("<p>{link}　{day}</p>"),
        |link, day, _| format!("{link} {day}<br>"),
        |link, day, n| format!("<li>{link}<span>点击:{}</span><span>{day}</span></li>", n * 37),
        |link, _, n| format!("<li>{link}<span>03-{:02}</span></li>", n % 28 + 1),
    ];
    let titles = [
        "老码头改造工程本周末完工",
        "河边种下三百多棵树",
        "居民说晚饭后有地方散步了,街道还打算在桥头建一座小图书馆",
        "关于调整周末公交线路的通知",
        "石板从旧码头拆来重新铺好",
        "步道开放",
    ];
    let where_we_are = "<div>您的位置:<a href=/>首页</a> &gt; 新闻中心</div>";
    let mut pages = Vec::new();
    for (at, shape) in shapes.iter().enumerate() {
        for count in [5, 10, 20, 30] {
            let items: String = (0..count)
                .map(|n| {
                    let title = format!("{}{}", titles[n % 6], if n >= 6 { "二" } else { "" });
                    let link = format!("<a href=/news/{n}.html>{title}</a>");
                    shape(&link, &format!("2024-03-{:02}", n % 28 + 1), n)
                })
                .collect();
            let list = if items.starts_with("<tr") {
                format!("<table>{items}</table>")
            } else {
                format!("<ul>{items}</ul>")
            };
            for around in [
                format!("<h2>新闻中心</h2>{list}"),
                format!("{where_we_are}{list}<div><a href=2.html>下一页</a> 共 3 页</div>"),
            ] {
                pages.push((format!("/news/{at}/{count}/"), page("新闻中心 - 某某网", &around)));
            }
        }
    }
    pages
}

#[test]
fn a_section_that_lists_titles_is_a_list() {
    let wrong: Vec<String> = sections()
        .iter()
        .filter_map(|(path, html)| {
            let got = kind(path, html);
            (got != PageKind::List).then(|| format!("{got:?} {path}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
#[test]
fn an_article_beside_links_with_dates_stays_an_article() {
    for count in [5, 10, 20] {
        let items: String = (0..count)
            .map(|n| {
                let day = n % 28 + 1;
                format!(
                    "<li><a href=/news/{n}.html>{}</a><span>2024-03-{day:02}</span></li>",
                    SENTENCES[n % 6]
                )
            })
            .collect();
        for (date, sentences) in [("2024-05-18", 2), ("2024-05-18", 8), ("", 8)] {
            let text = paragraphs(&SENTENCES, sentences, "<p>", "</p>");
            for related in ["相关新闻", "最新公告"] {
                let body = format!(
                    "<h1>{}</h1><p>{date}</p><div class=content>{text}</div><div><h3>{related}</h3><ul>{items}</ul></div>",
                    SENTENCES[0]
                );
                let got = kind("/news/9.html", &page(SENTENCES[0], &body));
                assert_eq!(got, PageKind::Article, "{date} {sentences} {related} {count}");
            }
        }
    }
}
