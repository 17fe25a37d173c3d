//! Says in a component what it is: name, version, license and description, in the custom sections of the component that
//! registries and `wasm-tools metadata show` read.
//!
//! Run by `scripts/build-component.sh` as `license-backup-metadata BUILT COMPONENT NAME DESCRIPTION`.

use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use wasm_metadata::{AddMetadata, AddMetadataField, Description, Licenses, Version};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [built, component, name, description] = arguments.as_slice() else {
        bail!("give these arguments: BUILT COMPONENT NAME DESCRIPTION");
    };
    let bytes = fs::read(built).with_context(|| format!("{built} cannot be read"))?;
    let described = describe(&bytes, name, description).with_context(|| format!("{built} cannot be described"))?;
    fs::write(component, described).with_context(|| format!("{component} cannot be written"))
}

/// Version and license are those of the workspace.
fn describe(component: &[u8], name: &str, description: &str) -> Result<Vec<u8>> {
    let mut metadata = AddMetadata::default();
    metadata.name = AddMetadataField::Set(name.to_owned());
    metadata.description = AddMetadataField::Set(Description::new(description.to_owned()));
    metadata.licenses = AddMetadataField::Set(Licenses::new(env!("CARGO_PKG_LICENSE"))?);
    metadata.version = AddMetadataField::Set(Version::new(env!("CARGO_PKG_VERSION")));
    metadata.to_wasm(component)
}
