//! The web app's files, over real sockets.

use super::tests::{http, server_with};
use super::web::WebFile;
use crate::config::Origin;
use std::net::SocketAddr;

const INDEX: &[u8] = b"<!doctype html><title>Sotto</title>";
const SCRIPT: &[u8] = b"console.log(1)";

/// As `build.rs` makes it: in the order of the paths.
static FILES: &[WebFile] = &[
    WebFile {
        path: "/assets/app-1a2b.js",
        kind: "text/javascript; charset=utf-8",
        tag: "s",
        plain: SCRIPT,
        brotli: Some(b"brotli"),
    },
    WebFile {
        path: "/assets/core-3c4d.wasm",
        kind: "application/wasm",
        tag: "w",
        plain: b"\0asm",
        brotli: None,
    },
    WebFile {
        path: "/index.html",
        kind: "text/html; charset=utf-8",
        tag: "i",
        plain: INDEX,
        brotli: Some(b"small"),
    },
    WebFile {
        path: "/manifest.webmanifest",
        kind: "application/manifest+json",
        tag: "m",
        plain: b"{}",
        brotli: None,
    },
    WebFile {
        path: "/sw.js",
        kind: "text/javascript; charset=utf-8",
        tag: "k",
        plain: b"self",
        brotli: None,
    },
];

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

async fn ask(address: SocketAddr, line: &str, headers: &str) -> Answer {
    let (head, body) = http(address, &format!("{line} HTTP/1.1{headers}"), b"").await;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_ascii_lowercase(), body }
}

#[tokio::test]
async fn each_path_gets_its_file_and_its_time() {
    let server = server_with(false, None, FILES).await;
    for (path, kind, keep, body) in [
        ("/", "text/html; charset=utf-8", "no-store", INDEX),
        ("/setup", "text/html; charset=utf-8", "no-store", INDEX),
        ("/join?x=y", "text/html; charset=utf-8", "no-store", INDEX),
        ("/messages/3f2a", "text/html; charset=utf-8", "no-store", INDEX),
        ("/index.html", "text/html; charset=utf-8", "no-store", INDEX),
        ("/sw.js", "text/javascript; charset=utf-8", "no-cache", b"self"),
        ("/manifest.webmanifest", "application/manifest+json", "no-cache", b"{}"),
        (
            "/assets/app-1a2b.js",
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
            SCRIPT,
        ),
        ("/assets/core-3c4d.wasm", "application/wasm", "public, max-age=31536000, immutable", b"\0asm"),
    ] {
        let got = ask(server.address, &format!("GET {path}"), "").await;
        assert_eq!((got.status, got.header("content-type"), &*got.body), (200, Some(kind), body), "{path}");
        assert_eq!(got.header("cache-control"), Some(keep), "{path}");
        assert_eq!(got.header("content-encoding"), None, "{path}");
    }
    for path in
        ["/assets/gone-5e6f.js", "/assets/x", "/nothing.txt", "/v1/nothing", "/sw.js/..%2f", "/../Cargo.toml"]
    {
        let got = ask(server.address, &format!("GET {path}"), "").await;
        assert_eq!((got.status, got.header("cache-control")), (404, Some("no-store")), "{path}");
        assert!(got.header("content-security-policy").unwrap().starts_with("default-src 'none'"), "{path}");
    }
}

#[tokio::test]
async fn compressed_when_it_is_understood_and_not_sent_twice() {
    let server = server_with(false, None, FILES).await;
    for (accepts, body, coding) in [
        ("gzip, deflate, br, zstd", &b"small"[..], Some("br")),
        ("BR;q=0.5", b"small", Some("br")),
        ("gzip;q=1.0, br;q=0", INDEX, None),
        ("br;q=nonsense", INDEX, None),
        ("brotli", INDEX, None),
    ] {
        let got = ask(server.address, "GET /", &format!("\r\naccept-encoding: {accepts}")).await;
        assert_eq!((&*got.body, got.header("content-encoding")), (body, coding), "{accepts}");
        assert_eq!(got.header("vary"), Some("accept-encoding"));
    }
    let first = ask(server.address, "GET /", "\r\naccept-encoding: br").await;
    let plain = ask(server.address, "GET /", "").await;
    let tag = first.header("etag").unwrap().to_owned();
    assert_ne!(Some(&*tag), plain.header("etag"), "each form has its own");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let again = format!("\r\naccept-encoding: br\r\nif-none-match: {known}");
        let again = ask(server.address, "GET /", &again).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(&*tag)), "{known}");
        assert!(again.header("content-security-policy").is_some());
    }
    let other = ask(server.address, "GET /", &format!("\r\nif-none-match: {tag}")).await;
    assert_eq!((other.status, &*other.body), (200, INDEX));
}

#[tokio::test]
async fn head_says_the_same_without_the_body_and_nothing_else_is_taken() {
    let server = server_with(false, None, FILES).await;
    let head = ask(server.address, "HEAD /assets/app-1a2b.js", "").await;
    let length = SCRIPT.len().to_string();
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, Some(&*length), 0));
    assert_eq!(head.header("content-type"), Some("text/javascript; charset=utf-8"));
    for line in ["POST /", "DELETE /sw.js", "OPTIONS /setup"] {
        let got = ask(server.address, line, "").await;
        assert_eq!((got.status, got.header("allow")), (405, Some("get, head")), "{line}");
    }
}

#[tokio::test]
async fn every_file_carries_the_headers_that_keep_pages_apart() {
    let url = Origin::of("https://chat.example.org:8443");
    let server = server_with(true, Some(url), FILES).await;
    for path in ["/", "/sw.js", "/assets/app-1a2b.js", "/assets/core-3c4d.wasm"] {
        let got = ask(server.address, &format!("GET {path}"), "").await;
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "deny"),
            ("strict-transport-security", "max-age=63072000; includesubdomains"),
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
                 img-src 'self' data: blob:; font-src 'self'; connect-src 'self' wss://chat.example.org:8443; \
                 worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
                 frame-ancestors 'none'; require-trusted-types-for 'script'; \
                 trusted-types svelte-trusted-html sotto",
            ),
        ] {
            assert_eq!(got.header(name), Some(value), "{path}");
        }
        let off = got.header("permissions-policy").unwrap();
        assert!(["camera=()", "microphone=()", "geolocation=()"].iter().all(|what| off.contains(what)));
    }
    let api = ask(server.address, "GET /healthz", "").await;
    assert_eq!((api.status, api.header("cache-control")), (200, Some("no-store")));
    assert_eq!(api.header("strict-transport-security"), None);
}

#[tokio::test]
async fn without_tls_nobody_is_told_to_insist_on_it() {
    for (behind_proxy, url) in
        [(false, None), (true, Some("http://localhost:80")), (false, Some("https://a.example"))]
    {
        let server = server_with(behind_proxy, url.map(Origin::of), FILES).await;
        let got = ask(server.address, "GET /", "").await;
        assert_eq!((got.status, got.header("strict-transport-security")), (200, None), "{url:?}");
        let policy = got.header("content-security-policy").unwrap();
        assert_eq!(policy.contains("connect-src 'self';"), url.is_none(), "{policy}");
    }
}

#[tokio::test]
async fn without_a_web_app_plain_pages_say_so() {
    let server = server_with(false, None, &[]).await;
    for (path, word) in
        [("/", "It works"), ("/join", "sotto --home DIR join"), ("/setup", "sotto --home DIR setup")]
    {
        let got = ask(server.address, &format!("GET {path}"), "").await;
        let page = String::from_utf8(got.body.clone()).unwrap();
        assert!(got.status == 200 && page.contains(word) && !page.contains("<script"), "{path}");
        assert_eq!(got.header("cache-control"), Some("no-store"));
    }
    for (line, status) in
        [("GET /index.html", 404), ("GET /messages", 404), ("POST /join", 405), ("HEAD /join", 200)]
    {
        assert_eq!(ask(server.address, line, "").await.status, status, "{line}");
    }
}

/// Whatever was built in: the table is in order, or files would not be found.
#[test]
fn the_embedded_table_is_in_order() {
    assert!(super::WEB_FILES.is_sorted_by(|a, b| a.path < b.path));
    assert!(
        super::WEB_FILES
            .iter()
            .all(|file| file.path.starts_with('/') && file.path.strip_suffix(".br").is_none())
    );
    let has_page = super::WEB_FILES.iter().any(|file| file.path == "/index.html");
    assert!(super::WEB_FILES.is_empty() || has_page);
}

/// A folder is read as the build embeds it.
#[test]
fn a_folder_gives_the_same_table() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    assert!(super::read_web_files(folder.path()).is_err(), "no page");
    for (name, text) in
        [("index.html", "page"), ("index.html.br", "small"), ("assets/a.js", "script"), (".hidden", "no")]
    {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let files = super::read_web_files(folder.path()).unwrap();
    let seen: Vec<_> = files.iter().map(|file| (file.path, file.plain, file.brotli)).collect();
    let (script, page, small): (&[u8], &[u8], &[u8]) = (b"script", b"page", b"small");
    assert_eq!(seen, [("/assets/a.js", script, None), ("/index.html", page, Some(small))]);
    assert!(super::read_web_files(&folder.path().join("nothing")).is_err());
}
