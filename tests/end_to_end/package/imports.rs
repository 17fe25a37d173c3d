//! Tests of the imports of the components, which must not grow by accident.

use std::collections::BTreeMap;
use std::path::Path;

use license_backup::{LicenseManager, LicenseManagerError};
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

/// The imports of the library component. It imports the clock for a type that the results of `stat`
/// use, and imports no function of it.
const LIBRARY: &[&str] = &[
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:filesystem/preopens@0.2.12",
    "wasi:filesystem/types@0.2.12",
];

/// The imports of the command component: those of the library component, the arguments, the two
/// output streams, the exit code, and a monotonic clock, which limits the rate of progress events.
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

/// Returns the interfaces that a component imports, and the functions that it imports from each.
fn imports(file: &str) -> BTreeMap<String, Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name("target/components")
        .join(file);
    let engine = Engine::default();
    let component = Component::from_file(&engine, &path).unwrap_or_else(|error| {
        panic!(
            "cannot read {}, which `make component` builds: {error:#}",
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
        "the component should not read a clock"
    );
}

#[test]
fn the_command_component_imports_only_what_a_command_needs() {
    let imports = imports("license-backup-command.wasm");
    assert_eq!(imports.keys().collect::<Vec<_>>(), COMMAND);
    assert_eq!(
        imports["wasi:clocks/wall-clock@0.2.12"],
        ["now"],
        "the component should read the time of a generation, and nothing else"
    );
    assert_eq!(
        imports["wasi:cli/environment@0.2.12"],
        ["get-arguments"],
        "the component should not read environment variables"
    );
    assert_eq!(imports["wasi:cli/exit@0.2.12"], ["exit-with-code"]);
    assert_eq!(
        imports["wasi:clocks/monotonic-clock@0.2.12"],
        ["now"],
        "the component should not wait for a time"
    );
}

#[test]
fn a_component_that_imports_anything_else_is_refused() {
    let component = wat::parse_str(
        r#"(component (import "wasi:random/random@0.2.12" (instance (export "get-random-u64" (func (result u64))))))"#,
    );
    let refused = LicenseManager::from_component(&component.expect("the text is a component"));
    assert!(
        matches!(refused, Err(LicenseManagerError::Link(_))),
        "{refused:?}"
    );
}
