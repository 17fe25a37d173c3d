//! Wrong URLs, keys and servers: one line says what has failed, where, and what to do. No secret is
//! in a message or in the list of processes.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use license_backup_servers::descendants;
use license_backup_tests::harness::Outcome;

use super::place::{Kind, Place};

/// A secret that no output may contain, in places where it does not belong.
const WORD: &str = "SwordfishSwordfish";

/// Requires that a run has failed with this exit code, that its first line contains the texts, and
/// that it says nothing more, except where to find help about the command line.
#[track_caller]
fn fails_with(outcome: Outcome, code: i32, texts: &[&str]) {
    let outcome = outcome.exits(code);
    let mut lines = outcome.stderr().lines();
    let first = lines.next().unwrap_or_default();
    let is_explained = texts.iter().all(|text| first.contains(text));
    let mut rest = lines.filter(|line| !line.is_empty());
    let is_one_line = rest.all(|line| code == 2 && line == "For more information, try '--help'.");
    assert!(
        is_explained && is_one_line && !outcome.stderr().contains(WORD),
        "one line should contain {texts:?}\n{}",
        outcome.report()
    );
}

#[test]
fn a_wrong_url_or_key_is_refused_by_a_line_without_its_secret() {
    let place = Place::new(Kind::Directory, true);
    let sandbox = &place.sandbox;
    let secret = &place.secrets()[0];
    fs::write(sandbox.path("text"), "no key\n").expect("the sandbox is writable");
    let password = format!("sftp://me:{WORD}@nas/a");
    let too_long = format!("s3://bucket/{}", "a".repeat(901));
    let key = format!("s3://AKIAEXAMPLE:{WORD}@bucket/a");
    let back_up = ["backup", "--store", "store", "--to"];
    let verify = ["verify", "--from", "places"];
    for (command, arguments, texts) in [
        (
            &back_up[..],
            &["ftp://nas/a"][..],
            ["ftp://nas/a", "use sftp://, s3://"],
        ),
        (
            &back_up,
            &["sftp://nas"],
            ["sftp://nas", "write it as sftp://user@host:port/path"],
        ),
        (
            &back_up,
            &["sftp://nas:x/a"],
            ["the port is invalid", "write it as sftp://"],
        ),
        (
            &back_up,
            &["s3://x/a"],
            ["the name of the bucket is invalid", "write it as s3://"],
        ),
        (
            &back_up,
            &[&too_long],
            ["the prefix is too long", "write it as s3://"],
        ),
        (
            &back_up,
            &[&password],
            ["contains a password", "leave it out"],
        ),
        (
            &back_up,
            &[&key],
            ["the name of the bucket is invalid", "write it as s3://"],
        ),
        (
            &back_up,
            &["places", "--encrypt-to", "age1x"],
            ["age1x", "use a public key"],
        ),
        (
            &back_up,
            &["places", "--encrypt-to", secret],
            ["secret key", "use the public key"],
        ),
        (
            &back_up,
            &["places", "--recipients-file", "text"],
            ["text", "use a public key"],
        ),
        (
            &back_up,
            &["places", "--recipients-file", "identity"],
            ["identity", "use the public key"],
        ),
        (
            &back_up,
            &["places", "--recipients-file", "none"],
            ["none", "No such file"],
        ),
        (&verify, &["--identity", "text"], ["text", "line 1"]),
        (
            &verify,
            &["--identity", "recipients"],
            ["recipients", "use the secret key"],
        ),
        (
            &verify,
            &["--identity", secret],
            ["--identity", "cannot read it"],
        ),
    ] {
        let outcome = sandbox.license_backup([command, arguments].concat()).run();
        fails_with(place.checked(outcome), 2, &texts);
    }
}

#[test]
fn a_wrong_s3_service_bucket_or_key_is_named() {
    let url = "s3://backups/a";
    let none = "AWS_ENDPOINT_URL=";
    for (variables, url, texts) in [
        (
            &["AWS_ENDPOINT_URL=nas:9000"][..],
            url,
            &["URL of the server", "like https://host:port"][..],
        ),
        (
            &[&format!("AWS_ENDPOINT_URL=http://me:{WORD}@127.0.0.1:1")],
            url,
            &["URL of the server", "like https://host:port"],
        ),
        (
            &["AWS_ENDPOINT_URL=http://127.0.0.1:1"],
            url,
            &["refuses", "check its address and port"],
        ),
        (
            &["AWS_ENDPOINT_URL=http://no-such-host.invalid"],
            url,
            &["not found", "check its name"],
        ),
        (&[none, "AWS_REGION="], url, &["region", "set AWS_REGION"]),
        (
            &["AWS_ACCESS_KEY_ID=AKIAUNKNOWN"],
            url,
            &["does not know", "check AWS_ACCESS_KEY_ID"],
        ),
        (
            &[&format!("AWS_SECRET_ACCESS_KEY={WORD}")],
            url,
            &["secret key is wrong", "check AWS_SECRET_ACCESS_KEY"],
        ),
        (
            &[],
            "s3://no-such-bucket/a",
            &["bucket does not exist", "check its name"],
        ),
    ] {
        let mut place = Place::new(Kind::S3, false);
        for variable in variables {
            let (name, value) = variable.split_once('=').expect("it has a value");
            place.set(name, value);
        }
        for command in ["backup --store store --to", "verify --from"] {
            let arguments = command.split(' ').chain([url]);
            let outcome = place.with_environment(arguments).run();
            let texts = [&[url], texts].concat();
            fails_with(place.checked(outcome), 1, &texts);
        }
    }
}

#[test]
fn a_wrong_sftp_server_or_path_is_named() {
    let place = Place::new(Kind::Sftp, false);
    let address = place.address();
    let sandbox = &place.sandbox;
    fs::write(sandbox.path("file"), "").expect("the sandbox is writable");
    let at = |path: &str| format!("sftp://{address}{}/{path}", sandbox.path("").display());
    for (url, texts) in [
        (
            "sftp://127.0.0.1:1/a",
            &["Connection refused", "check the address"][..],
        ),
        (
            "sftp://no-such-host.invalid/a",
            &["resolve", "check the address"],
        ),
        ("sftp://a;b/a", &["the host is invalid", "a character"]),
        (&at("missing/directory"), &["such file"]),
        (&at("file"), &["not a directory"]),
        (&at(&"long".repeat(80)), &["backup directory"]),
    ] {
        let arguments = ["backup", "--store", "store", "--to", url];
        let outcome = place.with_environment(arguments).run();
        fails_with(place.checked(outcome), 1, &[&[url], texts].concat());
    }
}

#[test]
fn a_server_that_accepts_connections_and_answers_nothing_is_reported_within_a_minute() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = silent.local_addr().expect("it is known");
    thread::scope(|scope| {
        for kind in [Kind::Sftp, Kind::S3] {
            scope.spawn(move || {
                let mut place = Place::new(kind, false);
                place.reach_through(address);
                let outcome = place.run("one", "backup --store store TO");
                let location = place.location("one");
                fails_with(outcome, 1, &[&location, "check "]);
            });
        }
    });
}

#[test]
fn another_identity_is_refused() {
    let place = Place::new(Kind::Sftp, true);
    let _ = place.run("one", "backup --store store TO").exits(0);
    let other = Place::new(Kind::Directory, true);
    fs::copy(
        other.sandbox.path("identity"),
        place.sandbox.path("identity"),
    )
    .expect("the sandbox is writable");
    for line in ["verify FROM", "list FROM", "restore FROM --store store"] {
        let location = place.location("one");
        let texts = [
            &location,
            "none of the identities opens it",
            "give the identity",
        ];
        fails_with(place.run("one", line), 1, &texts);
    }
}

#[test]
fn no_secret_is_in_the_list_of_processes() {
    for kind in [Kind::Sftp, Kind::S3] {
        let place = Place::new(kind, true);
        for line in ["backup --store store TO --json", "verify FROM --json"] {
            let mut run = place.command("one", line).start();
            let mut listed = BTreeSet::new();
            while run.is_running() {
                let started = descendants(run.id()).expect("Linux has /proc");
                let started = started.into_iter().map(|id| id.to_string());
                for process in started.chain([run.id().to_string()]) {
                    // The process may have ended.
                    let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
                    listed.insert(String::from_utf8_lossy(&line).into_owned());
                }
                thread::sleep(Duration::from_millis(1));
            }
            let outcome = place.checked(run.wait()).exits(0);
            let is_listed = |name: &str| listed.iter().any(|line| line.contains(name));
            assert!(is_listed("license-backup"), "{}", outcome.report());
            assert!(
                kind == Kind::S3 || is_listed("sftp"),
                "{}",
                outcome.report()
            );
            for secret in place.secrets() {
                // The shell that sets the variables of the tests is not the program.
                let mut lines = listed.iter().filter(|line| !line.contains("export "));
                assert!(lines.all(|line| !line.contains(secret)));
            }
        }
    }
}
