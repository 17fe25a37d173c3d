//! Tests that publish a release with `wkg` to a local registry, Debian's `docker-registry`.
//!
//! `make test-package` installs both programs and runs these tests.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use license_backup_tests::harness::{Outcome, Sandbox, target};

use crate::package::release::interface_version;

/// The version of the release.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The longest duration of the start of the registry.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// A registry that serves one test, and ends when it is dropped.
struct Registry {
    process: Child,
    address: String,
}

impl Registry {
    fn start(sandbox: &Sandbox) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener
            .local_addr()
            .expect("the listener has an address")
            .to_string();
        drop(listener);
        let configuration = sandbox.path("registry.yml");
        let storage = sandbox.path("registry");
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {:?}}}}}\nhttp: {{addr: {address:?}}}\n",
            storage.display().to_string()
        );
        fs::write(&configuration, text).expect("the sandbox is writable");
        let log = fs::File::create(sandbox.path("registry.log")).expect("the sandbox is writable");
        let process = Command::new(target().join("tools/bin/docker-registry"))
            .arg("serve")
            .arg(configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("`make test-package` fetches docker-registry");
        let registry = Self { process, address };
        let start = Instant::now();
        while TcpStream::connect(&registry.address).is_err() {
            let log = || fs::read_to_string(sandbox.path("registry.log")).unwrap_or_default();
            assert!(
                start.elapsed() < TIME_LIMIT,
                "the registry should listen: {}",
                log()
            );
            thread::sleep(Duration::from_millis(10));
        }
        registry
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // This fails if the registry has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs `wkg` with the registry as the only one of the namespace `license-backup`.
fn wkg(sandbox: &Sandbox, registry: &Registry, arguments: &[&str]) -> Outcome {
    let address = &registry.address;
    let metadata =
        format!("{{ preferredProtocol = \"oci\", oci = {{ registry = \"{address}\" }} }}");
    let configuration = format!(
        "[namespace_registries]\nlicense-backup = {{ registry = \"{address}\", metadata = {metadata} }}\n\
         [registry.\"{address}\".oci]\nprotocol = \"http\"\n"
    );
    fs::write(sandbox.path("wkg.toml"), configuration).expect("the sandbox is writable");
    let settings = format!(
        "export WKG_CONFIG_FILE=wkg.toml WKG_CACHE_DIR=cache WKG_OCI_INSECURE={address} NO_PROXY=127.0.0.1 no_proxy=127.0.0.1"
    );
    sandbox
        .license_backup(arguments)
        .with_binary(target().join("tools/bin/wkg"))
        .after(&settings)
        .run()
}

/// Requires that `wkg get` writes the bytes of the pushed file.
fn is_pulled(sandbox: &Sandbox, registry: &Registry, package: &str, file: &Path) {
    let _ = wkg(
        sandbox,
        registry,
        &[
            "get",
            &format!("license-backup:{package}"),
            "--overwrite",
            "--output",
            "./pulled.wasm",
        ],
    )
    .exits(0);
    let pulled = fs::read(sandbox.path("pulled.wasm")).expect("`wkg` writes the file");
    assert!(
        pulled == fs::read(file).expect("the release contains the file"),
        "the pulled bytes of {package} should be those that were pushed"
    );
}

#[test]
#[ignore = "run by `make test-package`"]
fn a_published_wit_package_is_pulled_unchanged() {
    let sandbox = Sandbox::new();
    let registry = Registry::start(&sandbox);
    let file = target().join("dist/license-backup-management.wasm");
    let path = file.to_str().expect("the path of the checkout is UTF-8");
    let _ = wkg(&sandbox, &registry, &["publish", path]).exits(0);
    is_pulled(
        &sandbox,
        &registry,
        &format!("management@{}", interface_version()),
        &file,
    );
}

#[test]
#[ignore = "run by `make test-package`"]
fn a_pushed_component_is_pulled_unchanged() {
    let sandbox = Sandbox::new();
    let registry = Registry::start(&sandbox);
    for component in ["license-backup", "license-backup-command"] {
        let file = target().join("dist").join(component).with_extension("wasm");
        let path = file.to_str().expect("the path of the checkout is UTF-8");
        let reference = format!("{}/license-backup/{component}:{VERSION}", registry.address);
        let _ = wkg(&sandbox, &registry, &["oci", "push", &reference, path]).exits(0);
        let _ = wkg(
            &sandbox,
            &registry,
            &["oci", "pull", &reference, "--output", "by-reference.wasm"],
        )
        .exits(0);
        let pulled = fs::read(sandbox.path("by-reference.wasm")).expect("`wkg` writes the file");
        assert!(
            pulled == fs::read(&file).expect("the release contains the file"),
            "the pulled bytes of {component} should be those that were pushed"
        );
        is_pulled(
            &sandbox,
            &registry,
            &format!("{component}@{VERSION}"),
            &file,
        );
    }
}
