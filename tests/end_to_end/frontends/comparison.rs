//! The host library, the host binary and the command component under the wasmtime CLI.

use std::path::Path;
use std::process::Command;

#[test]
fn every_verb_does_tells_and_ends_the_same_on_all_three_faces() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("faces.sh");
    let output = Command::new(script)
        .output()
        .expect("the script can be run");
    let printed = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    println!("{printed}");
    assert!(output.status.success(), "{printed}");
}
