//! Plain pages, for a server that was built without the web app.
//!
//! The secret of a link stands in its fragment, which browsers don't send: these pages never see it.

use axum::response::Html;

macro_rules! page {
    ($title:literal, $body:literal) => {
        concat!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
            $title,
            " · Sotto</title>\n<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:36rem;margin:4rem auto;",
            "padding:0 1rem}code{font-size:.95em}</style>\n</head>\n<body>\n<main>\n<h1>",
            $title,
            "</h1>\n",
            $body,
            "\n</main>\n</body>\n</html>\n"
        )
    };
}

/// The page at a path.
pub(super) fn page(path: &str) -> Option<Html<&'static str>> {
    match path {
        "/" => Some(Html(HOME)),
        "/join" => Some(Html(JOIN)),
        "/setup" => Some(Html(SETUP)),
        _ => None,
    }
}

const HOME: &str = page!(
    "It works",
    "<p>This is a Sotto server, built without its web app. Please use the command-line client, or build both together
with <code>cargo xtask run</code>.</p>"
);

const JOIN: &str = page!(
        "You are invited",
        "<p>This link is an invitation to exchange end-to-end encrypted messages with your practice. This server
was built without its web app. Please use the command-line client:</p>
<p><code>sotto --home DIR join \"LINK\" --handle NAME --name \"YOUR NAME\"</code></p>
<p>Copy the whole address of this page, including everything after <code>#</code>, in place of LINK. Whoever has the
link can use it once, so keep it to yourself.</p>"
);

const SETUP: &str = page!(
        "Set up the practice",
        "<p>This link sets up the practice on this server. This server was built without its web app. Please use the
command-line client:</p>
<p><code>sotto --home DIR setup \"LINK\" --handle NAME --name \"YOUR NAME\" --practice \"PRACTICE\"</code></p>
<p>Copy the whole address of this page, including everything after <code>#</code>, in place of LINK. It works once;
whoever uses it owns the practice.</p>"
);
