//! Tests of which documents are well-formed.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn read(text: &str) -> Result<(), FormatError> {
    let mut document = Document::new(text);
    while document.next()?.is_some() {}
    document.take_error().map_or(Ok(()), Err)
}

fn assert_well_formed(documents: &[&str]) {
    for document in documents {
        assert_eq!(read(document), Ok(()), "{document}");
    }
}

fn assert_ill_formed(documents: &[&str]) {
    for document in documents {
        assert!(
            read(document).is_err(),
            "accepted as well-formed: {document}"
        );
    }
}

#[test]
fn there_is_exactly_one_root() {
    assert_well_formed(&[
        "<a/>",
        "<a></a >",
        " \t\r\n<a/> \t\r\n",
        "<a><b/><b></b></a>",
    ]);
    assert_ill_formed(&[
        "",
        " ",
        "<!-- -->",
        "<a/><a/>",
        "<a></a><b></b>",
        "<a></a><b",
    ]);
}

#[test]
fn only_comments_and_instructions_surround_the_root() {
    assert_well_formed(&["<?p?><!-- c --><a/><!-- c --><?p x?>"]);
    assert_ill_formed(&[
        "x<a/>",
        "<a/>x",
        "<a/>&#32;",
        "&#32;<a/>",
        "<a/><![CDATA[]]>",
        "<![CDATA[ ]]><a/>",
        "\u{A0}<a/>",
    ]);
    assert_ill_formed(&["<a/>\u{FEFF}", "<a/>\u{85}"]);
}

#[test]
fn every_element_is_closed_by_its_own_tag() {
    assert_ill_formed(&[
        "<a>",
        "<a><b></a>",
        "<a><b></a></b>",
        "</a>",
        "<a></b>",
        "<a/></a>",
        "<a></a x=\"\">",
        "<a></ a>",
    ]);
    assert_ill_formed(&["<a", "<a></a", "<a><", "<a></"]);
}

#[test]
fn names_follow_production_5() {
    assert_well_formed(&["<_a-b.c:9/>", "<é\u{B7}/>", "<a é='1'/>", "<\u{10000}/>"]);
    assert_ill_formed(&[
        "<1/>",
        "<-a/>",
        "<a'b'/>",
        "<a/b/>",
        "< a/>",
        "<></>",
        "<a&b/>",
        "<\u{D7}/>",
        "<\u{B7}/>",
    ]);
    assert_ill_formed(&["<a 1='2'/>", "<a b/c='2'/>", "<a ='2'/>", "<a =''=''/>"]);
}

#[test]
fn attributes_are_quoted_and_separated() {
    assert_well_formed(&[
        "<a b='1' c=\"2\"/>",
        "<a\tb\n=\r'\"' c=\"'>/\"></a>",
        "<a b=''  ></a>",
    ]);
    assert_ill_formed(&[
        "<a b/>",
        "<a b=1/>",
        "<a b='1'c='2'/>",
        "<a b='1'/ >",
        "<a b='1\"/>",
        "<a b='1''/>",
        "<a b=/>",
    ]);
    assert_ill_formed(&[
        "<a b='1' c/>",
        "<a b= c='1'/>",
        "<a b=\u{A0}'1'/>",
        "<a/ b='1'>",
    ]);
}

#[test]
fn attribute_values_have_no_less_than_sign() {
    assert_well_formed(&[
        "<a b='&lt;&gt;&amp;&quot;&apos;&#9;&#x10FFFF;'/>",
        "<a b='>'/>",
    ]);
    assert_ill_formed(&[
        "<a b='<'/>",
        "<a b='&'/>",
        "<a b='& x;'/>",
        "<a b='&x;'/>",
        "<a b='&#0;'/>",
        "<a b='&#xD800;'/>",
    ]);
    assert_ill_formed(&[
        "<a b='&#1;'/>",
        "<a b='&#xFFFF;'/>",
        "<a b='&lt'/>",
        "<a b='&#;'/>",
        "<a b='&#x;'/>",
    ]);
}

#[test]
fn no_attribute_is_duplicated() {
    let many = (0..2000)
        .map(|n| format!(" a{n}=''"))
        .collect::<Vec<_>>()
        .concat();
    assert_well_formed(&["<a b='' B='' c=''/>", &format!("<a{many}/>")]);
    assert_ill_formed(&[
        "<a b='' b=''/>",
        "<a b='' c='' b=''/>",
        &format!("<a{many} a7=''/>"),
        "<x><a b='' b=''/></x>",
    ]);
}

#[test]
fn references_are_predefined_or_legal_characters() {
    assert_well_formed(&["<a>&lt;&gt;&amp;&quot;&apos;&#9;&#xA;&#x41;&#65;&#x10FFFF;</a>"]);
    assert_ill_formed(&[
        "<a>&</a>",
        "<a>& </a>",
        "<a>&lt</a>",
        "<a>&;</a>",
        "<a>&nbsp;</a>",
        "<a>&LT;</a>",
        "<a>& lt;</a>",
    ]);
    assert_ill_formed(&[
        "<a>&#0;</a>",
        "<a>&#x1F;</a>",
        "<a>&#xD800;</a>",
        "<a>&#xFFFE;</a>",
        "<a>&#x110000;</a>",
    ]);
    assert_ill_formed(&[
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a>&#X41;</a>",
        "<a>&#+65;</a>",
        "<a>&#x+41;</a>",
        "<a>&#65 ;</a>",
    ]);
}

#[test]
fn text_has_no_end_mark_of_cdata() {
    assert_well_formed(&[
        "<a>]] > ]>&gt; ]]&gt;</a>",
        "<a><![CDATA[<&]] ]>]]></a>",
        "<a><![CDATA[]]]]></a>",
    ]);
    assert_ill_formed(&[
        "<a>]]></a>",
        "<a><![CDATA[]]>]]></a>",
        "<a><![CDATA[</a>",
        "<a><![cdata[]]></a>",
        "<a><![CDATA []]></a>",
    ]);
}

#[test]
fn comments_have_no_two_hyphens() {
    assert_well_formed(&["<a><!----><!--->--><!-- - - --><!-- > <b> & --></a>"]);
    assert_ill_formed(&[
        "<a><!-- -- --></a>",
        "<a><!-- ---></a>",
        "<a><!--></a>",
        "<a><!-- </a>",
        "<a><!- x --></a>",
    ]);
}

#[test]
fn instructions_have_a_name_that_is_not_xml() {
    assert_well_formed(&["<a><?p?><?p x ? > ?><?xml-style?></a>"]);
    assert_ill_formed(&[
        "<a><??></a>",
        "<a><?></a>",
        "<a><? p?></a>",
        "<a><?1?></a>",
        "<a><?XML?></a>",
        "<?Xml version='1.0'?><a/>",
    ]);
}

#[test]
fn the_declaration_is_first_and_well_formed() {
    assert_well_formed(&[
        "<?xml version='1.0'?><a/>",
        "<?xml version=\"1.0\" encoding='utf-8' standalone='yes' ?><a/>",
        "<?xml version = '1.1' encoding='UTF-16'?><a/>",
        "<?xml version='1.0' standalone='no'?><a/>",
    ]);
    assert_ill_formed(&[
        " <?xml version='1.0'?><a/>",
        "<!-- --><?xml version='1.0'?><a/>",
        "<?xml version='1.0'?><?xml version='1.0'?><a/>",
        "<a><?xml version='1.0'?></a>",
        "<a/><?xml version='1.0'?>",
        "<?xml?><a/>",
        "<?xml ?><a/>",
        "<?xml encoding='utf-8'?><a/>",
        "<?xml encoding='utf-8' version='1.0'?><a/>",
        "<?xml version='2.0'?><a/>",
        "<?xml version='1.'?><a/>",
        "<?xml version='1.0' version='1.0'?><a/>",
        "<?xml version='&#49;.0'?><a/>",
        "<?xml version='1.0' encoding='utf-7'?><a/>",
        "<?xml version='1.0' encoding='8-bit'?><a/>",
        "<?xml version='1.0' encoding='a b'?><a/>",
        "<?xml version='1.0' encoding=''?><a/>",
        "<?xml version='1.0' standalone='maybe'?><a/>",
        "<?xml version='1.0' x='y'?><a/>",
        "<?xml version='1.0'encoding='utf-8'?><a/>",
    ]);
}

#[test]
fn a_document_type_is_an_error_after_the_tag_of_the_root() {
    for text in ["<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>x</a>"] {
        let mut document = Document::new(text);
        assert_eq!(document.take_error(), None, "{text}");
        assert!(
            matches!(document.next(), Ok(Some(Node::Start { .. }))),
            "{text}"
        );
        assert!(document.take_error().is_some(), "{text}");
    }
    assert_ill_formed(&[
        "<a><!DOCTYPE a></a>",
        "<a/><!DOCTYPE a>",
        "<!DOCTYPE a><!DOCTYPE a><a/>",
        "<!ELEMENT a><a/>",
    ]);
}

#[test]
fn invalid_attributes_of_the_root_are_an_error_after_its_tag() {
    let mut document = Document::new("<a b='' b=''/>");
    assert!(matches!(document.next(), Ok(Some(Node::Start { .. }))));
    assert!(document.take_error().is_some());
}

#[test]
fn an_attribute_is_found_by_name_and_unescaped() {
    let mut document = Document::new("<a x:b='1' bb='2' b='&#66;&amp;'/>");
    let Ok(Some(Node::Start {
        tag,
        is_empty: true,
    })) = document.next()
    else {
        panic!("no tag");
    };
    assert_eq!(tag.name(), (Namespace::None, "a"));
    assert_eq!(tag.attribute("b").unwrap().as_deref(), Some("B&"));
    assert_eq!(tag.attribute("c"), Ok(None));
}

#[test]
fn a_text_is_legal_up_to_the_first_character_that_xml_forbids() {
    for forbidden in [
        '\0', '\u{1}', '\u{8}', '\u{B}', '\u{1F}', '\u{FFFE}', '\u{FFFF}',
    ] {
        assert_eq!(
            legal_prefix(&format!("ab{forbidden}c")),
            "ab",
            "{forbidden:?}"
        );
    }
    for text in ["", "a\t\r\n b", "\u{7F}\u{85}\u{FEFF}\u{FFFD}\u{10FFFF}"] {
        assert_eq!(legal_prefix(text), text);
    }
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let nested = |start: &str| format!("{}{}", start.repeat(200_000), "</a>".repeat(200_000));
    assert_eq!(read(&nested("<a>")), Ok(()));
    // More namespaces than are kept.
    assert!(read(&nested("<a xmlns='b'>")).is_err());
}

#[test]
fn a_namespace_is_declared_for_an_element_and_its_content() {
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    let text =
        format!("<a><b xmlns='{soap}'><c xmlns=''><d/></c><e xmlns='urn:x'/><f/></b><g/></a>");
    let mut document = Document::new(&text);
    let mut found = Vec::new();
    while let Some(node) = document.next().expect("it is well-formed") {
        if let Node::Start { tag, .. } = node {
            let (namespace, name) = tag.name();
            found.push((name.to_owned(), namespace));
        }
    }
    let expected = [
        ("a", Namespace::None),
        ("b", Namespace::Soap),
        ("c", Namespace::None),
        ("d", Namespace::None),
        ("e", Namespace::Other),
        ("f", Namespace::Soap),
        ("g", Namespace::None),
    ];
    assert_eq!(
        found,
        expected.map(|(name, namespace)| (name.to_owned(), namespace))
    );
}

#[test]
fn the_name_of_an_element_is_a_namespace_and_a_local_name() {
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    let playready = "http://schemas.microsoft.com/DRM/2007/03/protocols";
    for (text, expected) in [
        ("<a/>".to_owned(), (Namespace::None, "a")),
        (format!("<a xmlns='{soap}'/>"), (Namespace::Soap, "a")),
        (
            "<x:a xmlns:x='http://www.w3.org/2003/05/soap-envelope'/>".to_owned(),
            (Namespace::Soap, "a"),
        ),
        (
            format!("<y:a xmlns='{soap}' xmlns:y='{playready}'/>"),
            (Namespace::PlayReady, "a"),
        ),
        (
            format!("<a xmlns='{playready}/messages'/>"),
            (Namespace::PlayReady, "a"),
        ),
        (
            format!("<a xmlns='{playready}/other'/>"),
            (Namespace::Other, "a"),
        ),
        ("<x:a/>".to_owned(), (Namespace::Other, "a")),
        ("<a xmlns=''/>".to_owned(), (Namespace::None, "a")),
    ] {
        let mut document = Document::new(&text);
        let Ok(Some(Node::Start { tag, .. })) = document.next() else {
            panic!("no tag: {text}")
        };
        assert_eq!(tag.name(), expected, "{text}");
    }
}

#[test]
fn an_unsupported_encoding_is_reported_after_the_root_tag() {
    for encoding in ["ISO-8859-1", "windows-1252", "Shift_JIS", "UTF-32"] {
        let text = format!("<?xml version='1.0' encoding='{encoding}'?><a/>");
        let fault = read(&text).expect_err("it cannot be read").to_string();
        assert!(fault.contains(encoding), "{fault}");
        assert_eq!(unsupported_encoding(&text).as_deref(), Some(encoding));
    }
    for text in [
        "<a/>",
        "<?xml version='1.0'?><a/>",
        "<?xml version='1.0' encoding='utf-8'?><a/>",
        "",
    ] {
        assert_eq!(unsupported_encoding(text), None, "{text}");
    }
}

/// Parts of which documents are made, many of them not well-formed together.
const PARTS: [&str; 36] = [
    "<a>",
    "</a>",
    "</a >",
    "</ a>",
    "<a/>",
    "<a />",
    "<b c='>' d=\"'\">",
    "<b c='<'>",
    "<b c>",
    "</b>",
    "<n:b xmlns:n='u'/>",
    "<xml/>",
    "x",
    "]]>",
    "]]",
    ">",
    "<",
    "/",
    "'",
    "\"",
    "&amp;",
    "&#65;",
    "&x;",
    "&",
    ";",
    "<!-- c -->",
    "<!--",
    "-->",
    "<![CDATA[<a>]]>",
    "<![CDATA[",
    "<?p q?>",
    "<?",
    "<?xml version='1.0'?>",
    "<!DOCTYPE a>",
    " ",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

    #[test]
    fn quick_xml_finds_the_same_nodes(parts in vec(select(&PARTS[..]), 0..10)) {
        let parts = parts.concat();
        compare_with_quick_xml(&parts);
        compare_with_quick_xml(&format!("<a>{parts}</a>"));
    }
}

/// Parts that are well-formed together, in any order.
const ELEMENTS: [&str; 12] = [
    "<a/>",
    "<a b='>' c=\"'\" />",
    "<a>x</a >",
    "<a><b>x]]</b>></a>",
    "<n:a xmlns:n='u'><n:b/></n:a>",
    "&amp;&#65;",
    "x > y",
    "<!-- <a> -->",
    "<![CDATA[<a>]]>",
    "<?p <a>?>",
    " \n",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn quick_xml_finds_the_same_nodes_in_a_well_formed_document(elements in vec(select(&ELEMENTS[..]), 0..10)) {
        let document = format!("<?xml version='1.0'?><a>{}</a>", elements.concat());
        prop_assert!(compare_with_quick_xml(&document), "{document} is well-formed");
    }
}

#[test]
fn quick_xml_finds_the_same_nodes_in_a_license() {
    let license = "<?xml version=\"1.0\"?>\n<LICENSE version=\"2.0.0.0\"><LICENSORINFO><DATA>\
         <LID>bGlk</LID><ONACTION type='Backup'><CONDITION><![CDATA[1]]></CONDITION></ONACTION>\
         </DATA></LICENSORINFO></LICENSE>";
    assert!(compare_with_quick_xml(license), "it is well-formed");
}
