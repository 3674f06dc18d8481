//! The web app's files, as they were embedded when the server was built, or as they lie in a folder.
//!
//! Owns which path gets which file, its headers, and how long browsers may keep it. Refuses to know what is in the
//! files. Invariants: a file whose name holds its hash is kept for ever, the page never, every other is asked for each time;
//! no page gets less than the headers listed here; without embedded files there are plain pages that say so.

use super::{Shared, http, pages, web_folder};
use crate::config::Origin;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

/// A file of the web app.
#[derive(Clone, Copy, Debug)]
pub struct WebFile {
    /// As asked for, with a slash first.
    pub path: &'static str,
    /// Its `Content-Type`.
    pub kind: &'static str,
    /// Changes with its contents.
    pub tag: &'static str,
    /// As it is.
    pub plain: &'static [u8],
    /// Compressed.
    pub brotli: Option<&'static [u8]>,
}

/// The web app of this build; empty when it was built without.
pub static WEB_FILES: &[WebFile] = include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// A built web app as it lies in a folder now. It is read once and kept for as long as the process runs.
pub fn read_web_files(folder: &Path) -> io::Result<&'static [WebFile]> {
    let mut files = Vec::new();
    for found in web_folder::read(folder)? {
        files.push(WebFile {
            path: found.path.leak(),
            kind: found.kind,
            tag: found.tag.leak(),
            plain: fs::read(&found.plain)?.leak(),
            brotli: found.brotli.map(|file| fs::read(file).map(|bytes| &*bytes.leak())).transpose()?,
        });
    }
    let page = files.iter().any(|file| file.path == "/index.html");
    if page {
        Ok(files.leak())
    } else {
        Err(io::Error::new(io::ErrorKind::NotFound, "it holds no index.html"))
    }
}

/// What has a hash in its name lies here.
const LASTING: &str = "/assets/";
/// The page itself.
const PAGE: &str = "/index.html";
/// Whatever the page does not use is switched off.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), \
     fullscreen=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), \
     picture-in-picture=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/// Hands the files out.
#[derive(Debug)]
pub(super) struct Web {
    files: &'static [WebFile],
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Web {
    /// Files in the order of their paths. `tls`: browsers reach the server by `https` only.
    pub(super) fn new(files: &'static [WebFile], public_url: Option<&Origin>, tls: bool) -> Self {
        let policy = HeaderValue::try_from(policy(public_url));
        let mut headers = vec![
            (
                header::CONTENT_SECURITY_POLICY,
                policy.unwrap_or(HeaderValue::from_static("default-src 'none'")),
            ),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
        ];
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            headers.push((HeaderName::from_static(name), HeaderValue::from_static(value)));
        }
        if tls {
            let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
            headers.push((header::STRICT_TRANSPORT_SECURITY, two_years));
        }
        Self { files, headers }
    }

    fn file(&self, path: &str) -> Option<&'static WebFile> {
        self.files.binary_search_by(|file| file.path.cmp(path)).ok().and_then(|at| self.files.get(at))
    }

    /// The file of a path. Places inside the app are all the one page, which looks at the path itself.
    fn find(&self, path: &str) -> Option<&'static WebFile> {
        let place = !path.starts_with(LASTING)
            && !path.starts_with("/v1/")
            && path.rsplit('/').next().is_some_and(|last| !last.contains('.'));
        self.file(path).or_else(|| self.file(PAGE).filter(|_| place))
    }
}

/// What the web app's pages and workers may do. Older browsers don't take `'self'` for the WebSocket as well.
fn policy(public_url: Option<&Origin>) -> String {
    let socket = public_url.map(|origin| origin.as_str().replacen("http", " ws", 1)).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; \
         font-src 'self'; connect-src 'self'{socket}; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types svelte-trusted-html sotto"
    )
}

pub(super) async fn serve(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let web = &shared.web;
    let found = web.find(uri.path());
    let plain = if web.files.is_empty() { pages::page(uri.path()) } else { None };
    let mut response = match (found, plain) {
        (Some(_), _) | (_, Some(_)) if method != Method::GET && method != Method::HEAD => {
            (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response()
        }
        (Some(file), _) => return answer(web, file, &headers),
        (None, Some(page)) => page.into_response(),
        (None, None) => (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response(),
    };
    http::plain_headers(response.headers_mut());
    response
}

/// The server leaves the body out of an answer to HEAD by itself.
fn answer(web: &Web, file: &WebFile, asked: &HeaderMap) -> Response {
    let brotli = file.brotli.filter(|_| accepts_brotli(asked));
    let tag = format!("\"{}{}\"", file.tag, if brotli.is_some() { "-br" } else { "" });
    let lasting = file.path.starts_with(LASTING);
    let known = !lasting && has_tag(asked, &tag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(brotli.unwrap_or(file.plain)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
        if brotli.is_some() {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        response
    };
    let keep = match file.path {
        _ if lasting => "public, max-age=31536000, immutable",
        PAGE => "no-store",
        _ => "no-cache",
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.extend(web.headers.iter().cloned());
    response
}

/// Whether `Accept-Encoding` names Brotli, and not with a quality of zero.
fn accepts_brotli(headers: &HeaderMap) -> bool {
    let texts = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = parameters.split_once("q=").map_or("1", |(_, quality)| quality.trim());
        name.trim().eq_ignore_ascii_case("br") && quality.parse::<f32>().is_ok_and(|quality| quality > 0.0)
    })
}

fn has_tag(headers: &HeaderMap, tag: &str) -> bool {
    let texts = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
