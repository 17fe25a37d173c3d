//! The evaluation of a file of the store by the rights gate.

use super::reader::Content;
use crate::license::{self, Evaluation, Verdict};
use crate::publication::EmbeddedLicense;
use crate::{ErrorCode, Failure, LicenseFormat, LicenseIdentity, Restriction};

/// A file of the store, evaluated by the rights gate.
pub(crate) struct Examined {
    /// The identifiers in the license document.
    pub(crate) identity: LicenseIdentity,
    pub(crate) verdict: Verdict,
    /// The license document, or the first bytes of a file that contains no license.
    pub(crate) document: Vec<u8>,
    /// The name of the entry that holds the document, if the file is a publication.
    pub(crate) entry: Option<&'static str>,
}

/// Evaluates the content of the file called `name` by the rights gate.
pub(crate) fn examine(name: &str, content: Content) -> Examined {
    match content {
        Content::Document(document) => {
            let Evaluation { identity, verdict } = license::evaluate(&document);
            let verdict = match verdict {
                Verdict::Restricted(Restriction::Unrecognized) => no_license(name, &document),
                verdict => verdict,
            };
            Examined {
                identity,
                verdict,
                document,
                entry: None,
            }
        }
        Content::Embedded(EmbeddedLicense { entry, document }) => {
            let Evaluation { identity, verdict } = license::evaluate(&document);
            let verdict = match verdict {
                Verdict::Allowed if identity.format != Some(LicenseFormat::Lcp) => not_lcp(entry),
                Verdict::Restricted(Restriction::Unrecognized) => not_lcp(entry),
                verdict => verdict,
            };
            Examined {
                identity,
                verdict,
                document,
                entry: Some(entry),
            }
        }
        Content::NoLicense(head) => {
            let verdict = no_license(name, &head);
            Examined {
                identity: LicenseIdentity::default(),
                verdict,
                document: head,
                entry: None,
            }
        }
    }
}

/// Returns the verdict on the file called `name`, which starts with `head` and contains no license.
fn no_license(name: &str, head: &[u8]) -> Verdict {
    let is_store = license::is_protected_store(name, head);
    Verdict::Restricted(if is_store {
        Restriction::ProtectedStore
    } else {
        Restriction::Unrecognized
    })
}

/// Returns the verdict on a publication whose entry holds another document: readers of publications
/// accept only an LCP license document.
fn not_lcp(entry: &str) -> Verdict {
    Verdict::Malformed(format!("its entry {entry} is not an LCP license document"))
}

/// Returns the failure to report for a malformed license.
pub(crate) fn malformed(path: String, fault: &str) -> Failure {
    let message = format!(
        "cannot back up {path}: its license is malformed: {fault}; get it again from its issuer"
    );
    Failure::at(ErrorCode::Malformed, path, message)
}
