//! Sites over TLS: certificates that are trusted, that end soon, or that nobody can check.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use base64::Engine as _;
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::Value;

use crate::support::{Desk, Reply, Script};

/// No certificate of any authority.
const NO_ROOTS: [(&str, &str); 2] = [("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")];

/// A server for 127.0.0.1 whose certificate ends at midnight (UTC) in so many days, and its authority's
/// certificate as PEM.
fn certified(days: i64) -> (rustls::ServerConfig, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let text = base64::engine::general_purpose::STANDARD.encode(authority.self_signed(&key).unwrap().der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    let issuer = Issuer::new(authority, key);

    let key = KeyPair::generate().unwrap();
    let mut server = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let end = jiff::Timestamp::now().to_zoned(TimeZone::UTC).date() + days.days();
    let month = u8::try_from(end.month()).unwrap();
    server.not_after = date_time_ymd(end.year().into(), month, u8::try_from(end.day()).unwrap());
    let chain = vec![server.signed_by(&key, &issuer).unwrap().der().clone()];
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    (config.with_single_cert(chain, key.into()).unwrap(), pem)
}

fn script() -> Script {
    Script::new().front(&["/a.html"]).on("/a.html", Reply::article("园区开园", "今天开园。"))
}

#[test]
fn a_site_is_archived_over_tls_and_a_certificate_near_its_end_is_an_alarm() {
    for (days, want) in [(60, None), (6, Some(5))] {
        let (config, authority) = certified(days);
        let site = script().start_tls(config);
        let desk = Desk::for_site(&site.origin);
        std::fs::write(desk.path("ca.pem"), authority).unwrap();
        let outcome = desk.run_under(&[("SSL_CERT_FILE", "ca.pem")], "crawl --json");
        let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let alarms: Vec<String> = want
            .map(|left: u8| format!("the certificate of {} ends in {left} days", site.origin))
            .into_iter()
            .collect();
        assert_eq!(report["sites"][0]["alarms"], serde_json::json!(alarms), "{report}");
        assert_eq!(outcome.code, i32::from(want.is_some()));
        assert_eq!(desk.articles()[0]["title"], "园区开园");
    }
}

#[test]
fn https_on_a_server_that_speaks_no_tls_is_said_in_words() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // As an HTTP server answers what is no request.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let outcome = Desk::for_site(&format!("https://{address}")).run("crawl").expect_code(1);
    let said = format!("the server speaks no TLS on port {}", address.port());
    assert!(outcome.stderr.contains(&said), "{}", outcome.stderr);
}

#[test]
fn without_root_certificates_https_is_an_error_that_says_what_to_install() {
    let site = script().start_tls(certified(60).0);
    let desk = Desk::for_site(&site.origin);
    let outcome = desk.run_under(&NO_ROOTS, "crawl").expect_code(1);
    assert!(
        outcome.stderr.contains("TLS failed")
            && outcome.stderr.contains("install the package ca-certificates")
    );
    assert_eq!(site.paths(), [""; 0]);
}

#[test]
fn without_root_certificates_the_demo_and_sites_over_http_are_crawled() {
    let desk = Desk::new();
    assert_eq!(desk.run_under(&NO_ROOTS, "demo --posts 20").expect_code(0).stderr, "");
    let site = script().start();
    let desk = Desk::for_site(&site.origin);
    assert_eq!(desk.run_under(&NO_ROOTS, "crawl").expect_code(0).stderr, "");
    assert_eq!(desk.articles().len(), 1);
}
