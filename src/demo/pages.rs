//! The demo site's pages, in the markup of Z-BlogPHP's theme tpure.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::content::{CATEGORIES, Post};

/// Posts on a list page.
pub(super) const PER_PAGE: usize = 10;

/// The same bytes at the end of every post's text.
const PROMO: &str = "<div class=\"ad-promo\"><p><strong>顾小园微信号</strong><br/>产业招商/厂房土地租售:400 0000 000<br/>或微信/手机:13000000000 <br/>请说明您的需求、用途、税收、公司、联系人、手机号,以便快速帮您对接资源。 <br/>长按/扫一扫加顾小园的微信号</p><p><img src=\"/zb_users/upload/qr.png\" alt=\"扫一扫关注公众号\"/></p><p>扫一扫关注公众号</p></div>";

/// How the theme prints a post's age: rounded, and without a year below one.
pub(super) fn age(post: &Post, now: Timestamp) -> String {
    let age = now.duration_since(post.published).max(SignedDuration::ZERO);
    let local = post.local();
    let rounded = |unit: i64| (age.as_secs() + unit / 2) / unit;
    let days = age.as_secs() / 86_400;
    let dated = |text: String, format: &str| {
        format!("{text}<span class=\"datetime\"> ({})</span>", local.strftime(format))
    };
    match days {
        360.. => dated(format!("{}年前", rounded(365 * 86_400).max(1)), "%Y-%m-%d"),
        30.. => dated(format!("{}个月前", rounded(30 * 86_400)), "%m-%d"),
        7.. => dated(format!("{}周前", rounded(7 * 86_400)), "%m-%d"),
        1.. => format!("{}天前", rounded(86_400)),
        0 if age.as_secs() >= 3600 => format!("{}小时前", rounded(3600)),
        0 if age.as_secs() >= 60 => format!("{}分钟前", rounded(60)),
        _ => "刚刚".to_owned(),
    }
}

fn frame(title: &str, head: &str, main: &str) -> String {
    let mut nav = String::new();
    for (i, name) in CATEGORIES.iter().enumerate() {
        let _ = write!(nav, "<li><a href=\"/index.php/category-{}.html\">{name}</a></li>", i + 1);
    }
    format!(
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"zh-Hans\">\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"/>\n<meta name=\"theme\" content=\"tpure\"/>\n<meta name=\"generator\" content=\"Z-BlogPHP 1.7.5\"/>\n<title>{title}</title>\n<link rel=\"stylesheet\" href=\"/zb_users/theme/tpure/style/style.css\"/>\n{head}\n</head>\n<body class=\"night\">\n<div class=\"wrapper\">\n<div class=\"header fixed\"><div class=\"wrap\"><div class=\"logo\"><a href=\"/\"><img src=\"/zb_users/theme/tpure/style/images/logo.png\" alt=\"园区招商示例站\"/></a></div><div class=\"head\"><div class=\"menu\"><ul><li><a href=\"/\">首页</a></li>{nav}</ul><div class=\"schico\"></div></div></div></div></div>\n<div class=\"main fixed\"><div class=\"mask\"></div><div class=\"wrap\">\n{main}\n</div></div>\n<div class=\"footer\"><div class=\"wrap\"><h4>本站由 <a href=\"https://www.zblogcn.com/\" rel=\"nofollow\">Z-BlogPHP</a> 驱动</h4></div></div>\n</div>\n</body>\n</html>\n"
    )
}

fn excerpt(post: &Post) -> String {
    let text: String = post.paragraphs.concat().chars().take(110).collect();
    text + "..."
}

/// What a post's page shows besides the post: drawn anew for each request.
#[derive(Debug)]
pub(super) struct Around<'a> {
    pub(super) base: &'a str,
    pub(super) now: Timestamp,
    pub(super) views: u64,
    pub(super) related: Vec<&'a Post>,
    pub(super) previous: Option<&'a Post>,
    pub(super) next: Option<&'a Post>,
}

pub(super) fn post(post: &Post, around: &Around<'_>) -> String {
    let url = format!("{}{}", around.base, post.path());
    let category = post.category_name();
    let number = post.category + 1;
    let mut main = format!(
        "<div class=\"sitemap\">当前位置:<a href=\"/\">首页</a> &gt; <a href=\"/index.php/category-{number}.html\" title=\"查看{category}中的全部文章\">{category}</a> &gt; 正文内容</div>\n<div id=\"content\"><div class=\"content\"><div data-cateurl=\"/index.php/category-{number}.html\" class=\"block\">\n<div class=\"post\">\n<h1>{}</h1>\n<div class=\"info\"><span class=\"user\"><a href=\"/index.php/author-1.html\" rel=\"nofollow\">admin</a></span><span class=\"date\">{}</span><span class=\"cate\"><a href=\"/index.php/category-{number}.html\">{category}</a></span><span class=\"view\">{}</span></div>\n<div class=\"single postcon\">\n",
        post.title,
        age(post, around.now),
        around.views
    );
    for paragraph in &post.paragraphs {
        let _ = writeln!(main, "<p style=\"text-indent: 2em;\">　　{paragraph}</p>");
    }
    if let Some(id) = post.short_link {
        let _ = writeln!(main, "<p>延伸阅读:<a href=\"/?id={id}\">往期报道</a></p>");
    }
    main.push_str(PROMO);
    let _ = write!(
        main,
        "\n</div>\n<div class=\"copynotice\"><div data-qrurl=\"{url}\" class=\"tpureqr\"></div><div class=\"copynoticetxt\"><p>扫描二维码推送至手机访问。</p><p>版权声明:本文由园区招商示例站发布,如需转载请注明出处。</p><p>本文链接:<a href=\"{url}\">{url}</a></p></div></div>\n</div>\n<div class=\"tags\">"
    );
    for tag in &post.tags {
        let _ = write!(main, "<a href=\"/index.php/tags-{tag}.html\" title=\"查看更多{tag}内容\">{tag}</a>");
    }
    main.push_str("</div>\n<div class=\"sharebox\"><div class=\"label\">分享给朋友:</div><div class=\"sharebtn\"><div class=\"sharing\" data-initialized=\"true\"></div></div></div>\n<div class=\"pages\">");
    for (class, label, neighbour) in
        [("single-prev", "上一篇", around.previous), ("single-next", "下一篇", around.next)]
    {
        if let Some(neighbour) = neighbour {
            let _ = write!(
                main,
                "<a href=\"{}\" class=\"{class}\"><span>« {label}</span>{}</a>",
                neighbour.path(),
                neighbour.title
            );
        }
    }
    main.push_str("</div>\n</div>\n<div class=\"block\"><div class=\"posttitle\"><h4>相关文章</h4></div><div class=\"relatecon\">\n");
    for item in &around.related {
        let _ = writeln!(
            main,
            "<div class=\"relate\"><div class=\"relateimg\"><a href=\"{0}\"><img src=\"/zb_users/upload/thumb.jpg\" alt=\"{1}\"/></a></div><div class=\"relateinfo\"><h3><a href=\"{0}\" title=\"{1}\">{1}</a></h3><p>{2}</p></div></div>",
            item.path(),
            item.title,
            excerpt(item)
        );
    }
    main.push_str("</div></div>\n</div></div>");
    let head = format!("<link rel=\"canonical\" href=\"{url}\"/>");
    frame(&format!("{}-{category}-园区招商示例站", post.title), &head, &main)
}

/// A list page: `pages` in all, the `number`-th of them; `link` gives the path of a page.
pub(super) fn list(
    title: &str,
    posts: &[&Post],
    number: usize,
    pages: usize,
    now: Timestamp,
    link: &dyn Fn(usize) -> String,
) -> String {
    let mut main = format!(
        "<div class=\"sitemap\">当前位置:<a href=\"/\">首页</a> &gt; {title}</div>\n<div id=\"content\"><div class=\"content listcon\"><div class=\"block\">\n"
    );
    for post in posts {
        let number = post.category + 1;
        let _ = writeln!(
            main,
            "<div class=\"post item\"><h2><a href=\"{0}\">{1}</a></h2><div class=\"info\"><span class=\"user\">admin</span><span class=\"date\">{2}</span><span class=\"cate\"><a href=\"/index.php/category-{number}.html\">{3}</a></span></div><div class=\"intro\">{4}</div></div>",
            post.path(),
            post.title,
            age(post, now),
            post.category_name(),
            excerpt(post)
        );
    }
    main.push_str("</div>\n<div class=\"pagebar\">");
    let _ = write!(main, "<a href=\"{}\">首页</a>", link(1));
    let first = number.saturating_sub(5).max(1);
    for page in first..=(first + 9).min(pages) {
        if page == number {
            let _ = write!(main, "<span class=\"now-page\">{page}</span>");
        } else {
            let _ = write!(main, "<a href=\"{}\">{page}</a>", link(page));
        }
    }
    if number < pages {
        let _ = write!(main, "<span class=\"next-page\"><a href=\"{}\">下页</a></span>", link(number + 1));
    }
    let _ = write!(main, "<a href=\"{}\">尾页</a></div>\n</div></div>", link(pages));
    let head = if title == "首页" {
        "<link rel=\"alternate\" type=\"application/rss+xml\" href=\"/feed.php\" title=\"园区招商示例站\"/>"
    } else {
        ""
    };
    frame(&format!("{title}-园区招商示例站"), head, &main)
}

/// The page of an unknown id: full of words and links, and status 404.
pub(super) fn missing(posts: &[&Post]) -> String {
    let mut main =
        String::from("<div class=\"errorpage\"><h3>404</h3><p>抱歉,您要查看的内容不存在或已被删除。</p><ul>");
    for post in posts {
        let _ = write!(main, "<li><a href=\"{}\">{}</a></li>", post.path(), post.title);
    }
    main.push_str("</ul></div>");
    frame("404-园区招商示例站", "", &main)
}

pub(super) fn feed(base: &str, posts: &[&Post]) -> String {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel><title>园区招商示例站</title><link>{base}/</link><description>示例</description>\n"
    );
    for post in posts {
        let text = format!("<p>{}</p>", post.paragraphs.join("</p><p>"));
        let _ = writeln!(
            xml,
            "<item><title>{}</title><author>admin@example.com (admin)</author><link>{base}{}</link><pubDate>{}</pubDate><description><![CDATA[{text}]]></description></item>",
            post.title.replace('&', "&amp;").replace('<', "&lt;"),
            post.path(),
            post.local().strftime("%a, %d %b %Y %H:%M:%S %z")
        );
    }
    xml + "</channel></rss>\n"
}
