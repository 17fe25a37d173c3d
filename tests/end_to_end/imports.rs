//! What the component imports: a new import is a decision, not an accident.

use std::path::Path;

use license_backup::{Runtime, RuntimeError};
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

/// All that the component imports. Of the clock it is the type of the times that `stat` tells, and no function.
const IMPORTS: &[&str] =
    &["wasi:clocks/wall-clock@0.2.12", "wasi:filesystem/preopens@0.2.12", "wasi:filesystem/types@0.2.12"];

#[test]
fn the_component_imports_the_file_system_and_what_that_needs_and_nothing_else() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target/components/license-backup.wasm");
    let engine = Engine::default();
    let component = Component::from_file(&engine, &path).unwrap_or_else(|error| {
        panic!("{} cannot be read, `make component` builds it: {error:#}", path.display());
    });
    let component = component.component_type();
    let mut imports = Vec::new();
    for (name, import) in component.imports(&engine) {
        let ComponentItem::ComponentInstance(interface) = import.ty else { panic!("{name} should be an interface") };
        let functions =
            interface.exports(&engine).filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_)));
        assert!(!name.starts_with("wasi:clocks") || functions.count() == 0, "no clock should be read");
        imports.push(name);
    }
    imports.sort_unstable();
    assert_eq!(imports, IMPORTS);
}

#[test]
fn a_component_that_imports_anything_else_is_refused() {
    let reaching_out = wat::parse_str(
        r#"(component (import "wasi:random/random@0.2.12" (instance (export "get-random-u64" (func (result u64))))))"#,
    );
    let refused = Runtime::from_component(&reaching_out.expect("it is a component"));
    assert!(matches!(refused, Err(RuntimeError::Link(_))), "{refused:?}");
}
