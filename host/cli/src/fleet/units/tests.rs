use super::*;

/// 28 November 2026, 06:00:00 UTC.
const TIME: u64 = 1_795_845_600;

fn units() -> Vec<Target> {
    ["/home/a", "/home/b \"c\"", "/home/é"]
        .map(|store| Target {
            store: PathBuf::from(store),
            directory: PathBuf::from(format!("/mnt{store}")),
        })
        .to_vec()
}

fn encoded() -> String {
    let (text, _) = Plan::encode(TIME, Path::new("/mnt"), &units()).expect("the paths are UTF-8");
    text
}

#[test]
fn a_plan_is_read_as_it_was_written() {
    let (text, id) = Plan::encode(TIME, Path::new("/mnt"), &units()).expect("it can be written");
    let expected = Plan {
        id,
        time: TIME,
        to: PathBuf::from("/mnt"),
        units: units(),
    };
    assert_eq!(Plan::decode(&text), Ok(expected));
}

#[test]
fn a_plan_has_a_line_for_itself_and_one_for_each_unit() {
    let text = encoded();
    let lines: Vec<_> = text.lines().collect();
    let (start, rest) = lines[0].split_once("\"plan\":\"").expect("it has an ID");
    assert_eq!(start, r#"{"type":"plan","format":1,"#);
    assert_eq!(
        &rest[64..],
        r#"","time":"20261128T060000Z","to":"/mnt","units":3}"#
    );
    assert_eq!(
        lines[1],
        r#"{"unit":0,"store":"/home/a","directory":"/mnt/home/a"}"#
    );
    assert_eq!(lines.len(), 4);
}

#[test]
fn a_plan_that_was_cut_anywhere_is_refused() {
    let text = encoded();
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        assert!(Plan::decode(&text[..end]).is_err(), "{end}");
    }
}

#[test]
fn a_plan_of_which_any_byte_was_changed_is_refused() {
    let text = encoded();
    for position in 0..text.len() {
        for changed in [b' ', b'0', b'9', b'a', b'"', b'\n', b'}'] {
            let mut bytes = text.clone().into_bytes();
            if bytes[position] == changed {
                continue;
            }
            bytes[position] = changed;
            let Ok(edited) = String::from_utf8(bytes) else {
                continue;
            };
            assert!(Plan::decode(&edited).is_err(), "{position} {changed}");
        }
    }
}

#[test]
fn a_plan_with_lines_added_removed_or_exchanged_is_refused() {
    let text = encoded();
    let lines: Vec<_> = text.lines().collect();
    let with_lines = |lines: &[&str]| lines.join("\n") + "\n";
    for edited in [
        with_lines(&[lines[0], lines[1], lines[2]]),
        with_lines(&[lines[0], lines[2], lines[1], lines[3]]),
        with_lines(&[lines[0], lines[1], lines[1], lines[2], lines[3]]),
        with_lines(&[lines[1], lines[2], lines[3]]),
        text.clone() + "\n",
        text.clone() + " ",
        text.replace('\n', "\r\n"),
        String::new(),
        "\n".to_owned(),
    ] {
        assert!(Plan::decode(&edited).is_err(), "{edited:?}");
    }
}

#[test]
fn a_plan_of_another_format_is_refused_as_such() {
    let text = encoded().replacen("\"format\":1", "\"format\":2", 1);
    let error = Plan::decode(&text).expect_err("it is refused");
    assert_eq!(error, "it was written by another version of this program");
}

#[test]
fn a_time_after_the_year_9999_is_refused() {
    let result = Plan::encode(253_402_300_800, Path::new("/mnt"), &units());
    assert!(matches!(result, Err(UnitsError::Time(_))));
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf8_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let path = PathBuf::from(std::ffi::OsStr::from_bytes(b"/home/\xFF"));
    let unit = Target {
        store: path.clone(),
        directory: path,
    };
    let result = Plan::encode(TIME, Path::new("/mnt"), &[unit]);
    assert!(matches!(result, Err(UnitsError::NotUtf8 { .. })));
}

#[test]
fn a_plan_without_units_can_be_read() {
    let (text, _) = Plan::encode(TIME, Path::new("/mnt"), &[]).expect("it can be written");
    assert_eq!(Plan::decode(&text).map(|plan| plan.units), Ok(Vec::new()));
}
