use std::path::PathBuf;

use super::super::super::results::UnitResult;
use super::super::super::units::Plan;
use super::*;
use crate::stores::Target;

/// Returns a plan of a unit for each of these stores.
fn plan(stores: &[&str]) -> Plan {
    let target = |store: &&str| Target {
        store: PathBuf::from(store),
        directory: PathBuf::from("/to").join(store),
    };
    Plan {
        id: "0".repeat(64),
        time: 0,
        to: PathBuf::from("/to/<&>"),
        units: stores.iter().map(target).collect(),
    }
}

fn result(milliseconds: u64) -> UnitResult {
    UnitResult {
        plan: "0".repeat(64),
        unit: 0,
        outcome: "success".to_owned(),
        exit_code: 0,
        code: None,
        message: None,
        time: 0,
        start: String::new(),
        milliseconds,
        host: "host".to_owned(),
        attempt: 1,
        licenses: Some(3),
        bytes: Some(4),
        restricted: Some(0),
        errors: Some(0),
        file: None,
        size: Some(5),
        unchanged: Some(false),
    }
}

fn bad(message: &str) -> State {
    State::Bad {
        reason: Reason::Failed,
        message: message.to_owned(),
    }
}

/// Returns a report in which the first unit has this state, and all others are good.
fn report<'a>(plan: &'a Plan, first: &State) -> Report<'a> {
    let good = State::Good {
        file: "licenses.zip".to_owned(),
    };
    let unit = |(number, target)| UnitReport {
        number,
        target,
        result: Some(result(120)),
        state: if number == 0 {
            first.clone()
        } else {
            good.clone()
        },
    };
    Report {
        plan,
        units: plan.units.iter().enumerate().map(unit).collect(),
    }
}

/// Returns the content of an element of the page, which begins with `start`.
fn content<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(start).expect("the element exists");
    rest.split_once(end).expect("the element ends").0
}

#[test]
fn the_data_of_the_page_are_those_of_the_report() {
    let plan = plan(&["/a", "/b"]);
    let page = page(&report(&plan, &bad("cause")), false, 9);
    let data = content(
        &page,
        "<script type=\"application/json\" id=\"data\">",
        "</script>",
    );
    let data: serde_json::Value = serde_json::from_str(data).expect("it is JSON");
    let expected = serde_json::json!([
        [0, "/a", "failed", "cause", 120, 1, "host", 3, 5],
        [1, "/b", "good", "", 120, 1, "host", 3, 5]
    ]);
    assert_eq!(data, expected);
    assert!(page.contains("<h1>1 of 2 units have a good backup</h1>"));
    assert!(page.contains("looked at <time>1970-01-01T00:00:09Z</time>."));
}

#[test]
fn no_text_of_a_report_is_markup_or_a_placeholder() {
    let hostile = "</script><script>alert(1)</script>{script}{data}\u{202e}\u{1b}<!--&'\"";
    let plan = plan(&[hostile]);
    let page = page(&report(&plan, &bad(hostile)), true, 0);
    assert_eq!(
        page.matches("<script").count(),
        2,
        "the data and the script"
    );
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("<!--") && !page.contains("alert(1)<"));
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
    assert_eq!(page.matches(SCRIPT).count(), 1);
    assert!(page.contains("<code>/to/&lt;&amp;&gt;</code>"));
}

#[test]
fn each_placeholder_of_the_template_is_filled() {
    let plan = plan(&["/a"]);
    let page = page(&report(&plan, &bad("cause")), true, 0);
    let markup = page.replace(SCRIPT, "").replace(STYLE, "");
    for part in PAGE.split('{').skip(1) {
        let name = part.split('}').next().expect("a part is not empty");
        assert!(!markup.contains(&format!("{{{name}}}")), "{name}");
    }
}

#[test]
fn the_policy_permits_the_style_and_the_script_of_the_page() {
    let plan = plan(&[]);
    let page = page(&report(&plan, &bad("")), false, 0);
    let policy = content(&page, "Content-Security-Policy\" content=\"", "\"");
    for (directive, element) in [("style-src", "style"), ("script-src", "script")] {
        let content = content(&page, &format!("<{element}>"), &format!("</{element}>"));
        let source = format!("{directive} '{}'", hash(content));
        assert!(policy.contains(&source), "{policy}");
    }
}

#[test]
fn the_page_refers_to_nothing_outside() {
    let plan = plan(&["/a"]);
    let page = page(&report(&plan, &bad("cause")), false, 0);
    for reference in ["http:", "https:", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(reference), "{reference}");
    }
}

#[test]
fn the_columns_of_a_row_are_those_of_the_table() {
    let plan = plan(&["/a"]);
    let report = report(&plan, &bad("cause"));
    let row = serde_json::to_value(row(&report.units[0])).expect("it is JSON");
    assert_eq!(row.as_array().map(Vec::len), Some(COLUMNS.len()));
}
