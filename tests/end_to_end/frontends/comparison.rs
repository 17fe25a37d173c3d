//! A comparison of the program with the command component: `tests/frontends.sh` runs both.

use std::path::Path;
use std::process::Command;

#[test]
fn both_command_lines_have_the_same_effects_and_output() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("frontends.sh");
    let output = Command::new(script)
        .output()
        .expect("the script is executable");
    let printed = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    println!("{printed}");
    assert!(output.status.success(), "{printed}");
}
