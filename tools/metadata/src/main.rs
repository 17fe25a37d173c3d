//! Writes the metadata of a component: its name, version, license, description and source, in the
//! custom sections that registries and `wasm-tools metadata show` read. If the input is a directory
//! of WIT, it first encodes the package as a component, the form that registries accept.
//!
//! The arguments are `INPUT OUTPUT NAME DESCRIPTION`. `scripts/build-component.sh` passes a
//! component as `INPUT`, and `scripts/package.sh` the directory `wit`.

use std::path::Path;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use wasm_metadata::{AddMetadata, AddMetadataField, Description, Licenses, Source, Version};
use wit_parser::Resolve;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [input, output, name, description] = arguments.as_slice() else {
        bail!("usage: license-backup-metadata INPUT OUTPUT NAME DESCRIPTION");
    };
    let component = if Path::new(input).is_dir() {
        encode(input)
    } else {
        read(input)
    };
    let described = component
        .and_then(|(bytes, version)| {
            describe(
                &bytes,
                name,
                &version,
                description,
                env!("CARGO_PKG_REPOSITORY"),
            )
        })
        .with_context(|| format!("cannot write the metadata of {input}"))?;
    fs::write(output, described).with_context(|| format!("cannot write {output}"))
}

/// Reads a component. Returns it with its version, which is that of the workspace.
fn read(file: &str) -> Result<(Vec<u8>, String)> {
    Ok((fs::read(file)?, env!("CARGO_PKG_VERSION").to_owned()))
}

/// Encodes the WIT package in a directory, and the packages in its `deps` that it uses, as a
/// component. Returns it with the version of the package.
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

/// Returns a component with its metadata. The license is that of the workspace. `repository` is
/// empty if the manifest does not contain one; the component then has no source.
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

    /// An empty component: the magic number, the version and the layer.
    const EMPTY: &[u8] = b"\0asm\x0D\0\x01\0";

    /// Returns the source in the metadata of a component that is described with `repository`.
    fn source(repository: &str) -> Option<String> {
        let described = describe(EMPTY, "name", "1.0.0", "description", repository)
            .expect("an empty component is valid");
        let payload = Payload::from_binary(&described).expect("the result is a component");
        payload.metadata().source.as_ref().map(ToString::to_string)
    }

    #[test]
    fn the_source_of_a_component_is_the_repository_of_the_manifest() {
        assert_eq!(
            source("https://example.org/license-backup").as_deref(),
            Some("https://example.org/license-backup")
        );
        assert_eq!(source(""), None);
    }
}
