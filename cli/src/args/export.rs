//! Arguments of `export`.

use clap::{Args as ClapArgs, ValueEnum};
use jiff::civil::Date;

/// `export`
#[derive(Debug, ClapArgs)]
pub(crate) struct Export {
    /// Where to write it, or `-` for standard output
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// Only the conversations with this client: her name, or the beginning of her account's id
    #[arg(long, value_name = "NAME", conflicts_with = "conversation")]
    pub(crate) client: Option<String>,
    /// Only this conversation
    #[arg(long, value_name = "SPACE")]
    pub(crate) conversation: Option<String>,
    /// From this day on, where this computer is
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) from: Option<Date>,
    /// Until this day, which is included
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) until: Option<Date>,
    /// A page that opens in any browser, with the machine-readable form inside; or that form alone
    #[arg(long, value_enum, default_value_t = FormArg::Html)]
    pub(crate) format: FormArg,
    /// Language of the words around what people wrote
    #[arg(long, value_enum, default_value_t = LanguageArg::En)]
    pub(crate) language: LanguageArg,
    /// Overwrite a file that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Don't connect; export what is here
    #[arg(long)]
    pub(crate) offline: bool,
}

/// Forms of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormArg {
    /// A page
    Html,
    /// For programs
    Json,
}

/// Languages of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LanguageArg {
    /// English
    En,
    /// Spanish
    Es,
}
