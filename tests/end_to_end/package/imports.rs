//! What the components import: a new import is a decision, not an accident.

use std::collections::BTreeMap;
use std::path::Path;

use license_backup::{LicenseManager, LicenseManagerError};
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

/// All that the library component imports. Of the clock it is the type of the times that `stat` tells, and no function.
const LIBRARY: &[&str] = &[
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:filesystem/preopens@0.2.12",
    "wasi:filesystem/types@0.2.12",
];

/// All that the command component imports: that, the arguments, the two streams that it writes, the exit code, and a clock for
/// the pace of progress.
const COMMAND: &[&str] = &[
    "wasi:cli/environment@0.2.12",
    "wasi:cli/exit@0.2.12",
    "wasi:cli/stderr@0.2.12",
    "wasi:cli/stdout@0.2.12",
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:filesystem/preopens@0.2.12",
    "wasi:filesystem/types@0.2.12",
    "wasi:io/error@0.2.12",
    "wasi:io/streams@0.2.12",
];

/// The interfaces that a component imports, and the functions that it imports of each.
fn imports(file: &str) -> BTreeMap<String, Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name("target/components")
        .join(file);
    let engine = Engine::default();
    let component = Component::from_file(&engine, &path).unwrap_or_else(|error| {
        panic!(
            "{} cannot be read, `make component` builds it: {error:#}",
            path.display()
        );
    });
    let component = component.component_type();
    let mut imports = BTreeMap::new();
    for (name, import) in component.imports(&engine) {
        let ComponentItem::ComponentInstance(interface) = import.ty else {
            panic!("{name} should be an interface")
        };
        let functions = interface
            .exports(&engine)
            .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_)));
        imports.insert(
            name.to_owned(),
            functions.map(|(name, _)| name.to_owned()).collect(),
        );
    }
    imports
}

#[test]
fn the_library_component_imports_only_the_file_system() {
    let imports = imports("license-backup.wasm");
    assert_eq!(imports.keys().collect::<Vec<_>>(), LIBRARY);
    assert_eq!(
        imports["wasi:clocks/wall-clock@0.2.12"], [""; 0],
        "no clock should be read"
    );
}

#[test]
fn the_command_component_imports_only_what_a_command_needs() {
    let imports = imports("license-backup-command.wasm");
    assert_eq!(imports.keys().collect::<Vec<_>>(), COMMAND);
    assert_eq!(
        imports["wasi:clocks/wall-clock@0.2.12"], [""; 0],
        "the time of day should not be read"
    );
    assert_eq!(
        imports["wasi:cli/environment@0.2.12"],
        ["get-arguments"],
        "no environment should be read"
    );
    assert_eq!(imports["wasi:cli/exit@0.2.12"], ["exit-with-code"]);
    assert_eq!(
        imports["wasi:clocks/monotonic-clock@0.2.12"],
        ["now"],
        "nothing should wait for a time"
    );
}

#[test]
fn a_component_that_imports_anything_else_is_refused() {
    let reaching_out = wat::parse_str(
        r#"(component (import "wasi:random/random@0.2.12" (instance (export "get-random-u64" (func (result u64))))))"#,
    );
    let refused = LicenseManager::from_component(&reaching_out.expect("it is a component"));
    assert!(
        matches!(refused, Err(LicenseManagerError::Link(_))),
        "{refused:?}"
    );
}
