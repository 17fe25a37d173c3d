//! The result of the evaluation of a document, which all formats share.

use std::borrow::Cow;

use crate::Restriction;

/// The result of the evaluation of a well-formed document: the restriction that forbids
/// its backup, or `None` if nothing does.
pub(super) type Decision = Result<Option<Restriction>, FormatError>;

/// An error in a license document. Its text contains nothing of the document but the name
/// of the encoding that the document declares.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct FormatError(Cow<'static, str>);

impl FormatError {
    pub(super) const fn new(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Returns the error of a document in an encoding that is not supported.
    pub(super) fn unsupported_encoding(name: &str) -> Self {
        Self(format!("its encoding is {name}; only UTF-8 and UTF-16 are supported").into())
    }
}
