//! Says in a component what it is: name, version, license, description and source, in the custom sections of the component that
//! registries and `wasm-tools metadata show` read. Of a directory of WIT it makes a component first, the form in which
//! registries take a WIT package.
//!
//! Run by `scripts/build-component.sh` as `license-backup-metadata BUILT COMPONENT NAME DESCRIPTION`, and by
//! `scripts/package.sh` with the directory as `BUILT`.

use std::path::Path;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use wasm_metadata::{AddMetadata, AddMetadataField, Description, Licenses, Source, Version};
use wit_parser::Resolve;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [built, component, name, description] = arguments.as_slice() else {
        bail!("give these arguments: BUILT COMPONENT NAME DESCRIPTION");
    };
    let read = if Path::new(built).is_dir() {
        encode(built)
    } else {
        read(built)
    };
    let described = read
        .and_then(|(bytes, version)| {
            describe(
                &bytes,
                name,
                &version,
                description,
                env!("CARGO_PKG_REPOSITORY"),
            )
        })
        .with_context(|| format!("{built} cannot be described"))?;
    fs::write(component, described).with_context(|| format!("{component} cannot be written"))
}

/// A component that was built, whose version is that of the workspace.
fn read(built: &str) -> Result<(Vec<u8>, String)> {
    Ok((fs::read(built)?, env!("CARGO_PKG_VERSION").to_owned()))
}

/// The component that stands for the package of WIT in a directory, with what it needs of those in `deps`; and its version.
fn encode(directory: &str) -> Result<(Vec<u8>, String)> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(directory)?;
    let version = resolve.packages[package]
        .name
        .version
        .as_ref()
        .context("the package has no version")?;
    Ok((
        wit_component::encode(&resolve, package)?,
        version.to_string(),
    ))
}

/// The license is that of the workspace. The repository is empty as long as the manifest names none.
fn describe(
    component: &[u8],
    name: &str,
    version: &str,
    description: &str,
    repository: &str,
) -> Result<Vec<u8>> {
    let mut metadata = AddMetadata::default();
    metadata.name = AddMetadataField::Set(name.to_owned());
    metadata.description = AddMetadataField::Set(Description::new(description.to_owned()));
    metadata.licenses = AddMetadataField::Set(Licenses::new(env!("CARGO_PKG_LICENSE"))?);
    metadata.version = AddMetadataField::Set(Version::new(version.to_owned()));
    if !repository.is_empty() {
        metadata.source = AddMetadataField::Set(Source::new(repository)?);
    }
    metadata.to_wasm(component)
}

#[cfg(test)]
mod tests {
    use wasm_metadata::Payload;

    use super::describe;

    /// A component with nothing in it: its magic, version and layer.
    const EMPTY: &[u8] = b"\0asm\x0D\0\x01\0";

    /// What a component says of its source.
    fn source(repository: &str) -> Option<String> {
        let described = describe(EMPTY, "name", "1.0.0", "description", repository)
            .expect("it can be described");
        let payload = Payload::from_binary(&described).expect("it is still a component");
        payload.metadata().source.as_ref().map(ToString::to_string)
    }

    #[test]
    fn a_component_says_where_its_source_is_as_soon_as_the_manifest_does() {
        assert_eq!(
            source("https://example.org/license-backup").as_deref(),
            Some("https://example.org/license-backup")
        );
        assert_eq!(source(""), None);
    }
}
