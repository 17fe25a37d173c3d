//! What the command lines say: exit codes, JSON lines, and text for people.
//!
//! All functions are pure: they make text of values, and whoever calls them writes it. The same texts serve the host's
//! command line and the command component, so that both say the same thing.

mod exit;
mod json;
mod omissions;
mod text;

pub use crate::visible::visible;
pub use exit::ExitCode;
pub use json::{backup_end_line, list_end_line, listing_line, status_line};
pub use omissions::Omissions;
pub use text::{backup_text, human_bytes, list_text, listing_text};
