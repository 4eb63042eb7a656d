//! Texts as people have them, and what is said of them.

use super::*;
use crate::source::{ColumnChoice, TargetColumn};
use crate::{ColumnRole, Samples};

fn load_with(text: &[u8], source: &Source) -> Result<Parts, Error> {
    let frame = read(source, Path::new("a.csv"), text, None)?;
    columns::parts(source, frame, None)
}

fn source(label: Option<&str>, skip_bad: bool) -> Source {
    Source {
        label: label.map(str::to_owned),
        skip_bad,
        ..Source::named("a.csv")
    }
}

fn load(text: &[u8], label: Option<&str>, skip_bad: bool) -> Result<Parts, Error> {
    load_with(text, &source(label, skip_bad))
}

fn numbers(samples: &Samples) -> Vec<f32> {
    let mut found = Vec::new();
    let all = 0..samples.len();
    samples.read(all, 0.0, &mut found).expect("it is in memory");
    found
}

/// The columns, the numbers and the labels by name that come out.
fn check(
    text: &str,
    label: Option<&str>,
    columns: &[&str],
    expected: &[f32],
    labels: &[&str],
) -> Samples {
    let table = load(text.as_bytes(), label, false).expect(text).train;
    assert_eq!(table.columns(), columns, "{text}");
    let found = numbers(&table);
    let same = |(a, b): (&f32, &f32)| a == b || a.is_nan() && b.is_nan();
    let is_same = found.len() == expected.len() && found.iter().zip(expected).all(same);
    assert!(is_same, "{text}: {found:?}");
    let names = (0..table.len()).filter_map(|row| table.label(row));
    let names: Vec<_> = names.map(|label| &table.classes()[label]).collect();
    assert_eq!(names, labels, "{text}");
    table
}

fn fails(text: &str, label: Option<&str>, message: &str) {
    let error = load(text.as_bytes(), label, false).err().expect(message);
    assert_eq!(error.to_string(), message, "{text}");
}

#[test]
fn any_separator_with_and_without_a_header() {
    for text in [
        "a,b\n1,-2.5\n3e2,.5\n",
        "\u{feff}a,b\r\n1,-2.5\r\n3e2,.5",
        "a; b\n1; -2.5\n\n+3e2; 0.5\n",
        "a\tb\n1\t-2.5\n300\t0.5\n",
        "  a  b\n  1 -2.5\n300  0.5\n",
        "\"a\",\"b\"\n\"1\",\"-2.5\"\n300,0.5\n",
        "# bench 4, run 17\na,b\n1,-2.5\n# a break\n300,0.5\n",
        "# a, b\n1,-2.5\n300,0.5\n",
        "a;b\n1;-2,5\n300;0,5\n",
    ] {
        check(text, None, &["a", "b"], &[1.0, -2.5, 300.0, 0.5], &[]);
    }
    check("1,2\n3,4\n", None, &["1", "2"], &[1.0, 2.0, 3.0, 4.0], &[]);
    check("1,2\n", None, &["1", "2"], &[1.0, 2.0], &[]);
    check("7\n8\n", None, &["1"], &[7.0, 8.0], &[]);
    // Years are numbers, but `id` is none, and below it stands one; and a row that counts up is a header, too.
    check("id,2019\n1,5\n", None, &["id", "2019"], &[1.0, 5.0], &[]);
    let years = ["2019", "2020", "2021", "2022"];
    check(
        "2019,2020,2021,2022\n1,2,3,5\n",
        None,
        &years,
        &[1.0, 2.0, 3.0, 5.0],
        &[],
    );
    // A hole in the second row makes no names of numbers.
    check(
        "1,red\n2,red\n",
        Some("2"),
        &["1"],
        &[1.0, 2.0],
        &["red", "red"],
    );
    let parts = load(b"1,red\n2,\n", Some("2"), true).expect("one row is good");
    assert_eq!((parts.train.len(), parts.skipped.len()), (1, 1));
    check(",a\n3,5\n", None, &["1", "a"], &[3.0, 5.0], &[]);
    check("a,a\n3,5\n", None, &["a", "a.2"], &[3.0, 5.0], &[]);
}

#[test]
fn whether_there_is_a_header_can_be_said() {
    for (header, columns, rows) in [(true, ["1.5", "2"], 1), (false, ["1", "2"], 2)] {
        let source = Source {
            header: Some(header),
            ..source(None, false)
        };
        let train = load_with(b"1.5,2\n3,4\n", &source).expect("a table").train;
        assert_eq!(
            (train.columns(), train.len()),
            (&columns.map(str::to_owned)[..], rows)
        );
    }
}

#[test]
fn the_label_becomes_sorted_classes() {
    let iris = "5.1,3.5,setosa\n4.9,3,versicolor\n5,3,setosa\n";
    let numbers = [5.1, 3.5, 4.9, 3.0, 5.0, 3.0];
    let labels = ["setosa", "versicolor", "setosa"];
    check(iris, Some("3"), &["1", "2"], &numbers, &labels);
    let named = format!("a,b,kind\n{iris}");
    for label in ["kind", "3"] {
        check(&named, Some(label), &["a", "b"], &numbers, &labels);
    }
    let text = "y x\n10 1\n9 2\n-1 3\n";
    let table = check(
        text,
        Some("y"),
        &["x"],
        &[1.0, 2.0, 3.0],
        &["10", "9", "-1"],
    );
    assert_eq!(table.classes(), ["-1", "9", "10"]);
    // The name of a column goes before its number, and a label is what stands there.
    check(
        "a,1\n5,6\n7,8\n",
        Some("1"),
        &["a"],
        &[5.0, 7.0],
        &["6", "8"],
    );
    check("a,b\n1,2.75\n", Some("b"), &["a"], &[1.0], &["2.75"]);
}

#[test]
fn words_become_a_column_each_and_truth_values_one() {
    let text = "size,colour,new\n1,red,yes\n2,blue,no\n3,red,yes\n4,,no\n";
    let parts = load(text.as_bytes(), None, false).expect("a table");
    let train = &parts.train;
    assert_eq!(
        train.columns(),
        ["size", "colour=red", "colour=blue", "new"]
    );
    let found = numbers(train);
    assert_eq!(
        found[..12],
        [1.0, 1.0, 0.0, 1.0, 2.0, 0.0, 1.0, 0.0, 3.0, 1.0, 0.0, 1.0]
    );
    assert!(found[13].is_nan() && found[14].is_nan() && found[15] == 0.0);
    let roles: Vec<_> = parts
        .columns
        .iter()
        .map(|facts| (facts.role, facts.missing))
        .collect();
    let expected = [
        (ColumnRole::Number, 0),
        (ColumnRole::Category, 1),
        (ColumnRole::Flag, 0),
    ];
    assert_eq!(roles, expected);
    assert_eq!(
        parts.notes,
        [
            "column `colour` holds 2 different words: one column of 0 and 1 for each",
            "column `colour` misses 1 of 4 cells"
        ]
    );
    let ids: String = (0..100).map(|row| format!("{row},id{row}\n")).collect();
    fails(
        &format!("x,id\n{ids}"),
        None,
        "`a.csv`: expected numbers, or at most 64 different words, in column `id`, found 100 words in 100 rows, as `id0` \
         (`--drop id` leaves the column out, `--index id` names the rows by it, `--label id` takes it for classes)",
    );
}

#[test]
fn missing_cells_are_counted_and_kept_missing() {
    let nan = f32::NAN;
    for word in ["", "NA", "NaN", "null", "?"] {
        let text = format!("a,b\n1,2\n3,{word}\n5,6\n");
        let table = check(
            &text,
            None,
            &["a", "b"],
            &[1.0, 2.0, 3.0, nan, 5.0, 6.0],
            &[],
        );
        assert!(table.has_missing());
    }
    let missing = Source {
        missing: vec!["-999".to_owned()],
        ..source(None, false)
    };
    let parts = load_with(b"a,b\n1,-999\n2,5\n", &missing).expect("a table");
    assert!(numbers(&parts.train)[1].is_nan());
    assert_eq!(
        parts.notes,
        ["never changes: `b`", "column `b` misses 1 of 2 cells"]
    );
    let empty = load(b"a,b\n1,\n2,\n", None, false).expect("one column is left");
    assert_eq!(empty.train.columns(), ["a"]);
    assert_eq!(empty.notes, ["left out, without a known cell: `b`"]);
    // A single column's hole is a quoted nothing, as pandas writes it.
    check("a\n1\n\"\"\n3\n", None, &["a"], &[1.0, nan, 3.0], &[]);
    // The first rules knew no missing cell.
    let first = Source {
        rules: 1,
        ..source(None, true)
    };
    let parts = load_with(b"a,b\n1,\n2,5\n", &first).expect("a table");
    assert_eq!((parts.train.len(), parts.skipped.len()), (1, 1));
}

#[test]
fn columns_are_chosen_and_rows_keep_their_names() {
    let text = b"time,a,b,patient\n10:00,1,2,x\n10:01,3,4,x\n10:02,bad,6,y\n10:03,7,8,y\n";
    let choice = ColumnChoice {
        only: vec!["b".to_owned(), "2".to_owned()],
        index: Some("time".to_owned()),
        group: Some("patient".to_owned()),
        ..ColumnChoice::default()
    };
    let parts = load_with(
        text,
        &Source {
            columns: choice,
            ..source(None, true)
        },
    );
    let train = parts.expect("a table").train;
    assert_eq!(train.columns(), ["b", "a"]);
    assert_eq!(numbers(&train), [2.0, 1.0, 4.0, 3.0, 8.0, 7.0]);
    assert_eq!(train.index_column(), Some("time"));
    let last = train.select(&[2]);
    assert_eq!((last.row(0), last.row_name(0)), (3, Some("10:03")));
    let choice = ColumnChoice {
        drop: vec!["time".to_owned(), "4".to_owned()],
        ..ColumnChoice::default()
    };
    let parts = load_with(
        text,
        &Source {
            columns: choice,
            ..source(None, true)
        },
    );
    assert_eq!(parts.expect("a table").train.columns(), ["a", "b"]);
    let choice = ColumnChoice {
        only: vec!["c".to_owned()],
        ..ColumnChoice::default()
    };
    let error = load_with(
        text,
        &Source {
            columns: choice,
            ..source(None, true)
        },
    );
    let message = "`columns` of `a.csv`: expected one of `time`, `a`, `b`, `patient`, or a column by its number, 1 to 4, found `c`";
    assert_eq!(error.err().expect("no such column").to_string(), message);
    // What pandas writes before the first column.
    let parts = load(b",a\n0,5\n1,6\n", None, false).expect("a table");
    assert_eq!(
        (parts.train.columns(), parts.train.row_name(1)),
        (&["a".to_owned()][..], Some("1"))
    );
}

#[test]
fn other_data_is_brought_to_the_columns_that_were_learned() {
    let learned = ["x", "colour=red", "colour=blue"]
        .map(str::to_owned)
        .to_vec();
    let other = Source {
        learned: Some(learned),
        ..source(Some("kind"), false)
    };
    let parts = load_with(b"colour,more,x\nblue,9,1\ngreen,9,2\n", &other).expect("by name");
    assert_eq!(numbers(&parts.train), [1.0, 0.0, 1.0, 2.0, 0.0, 0.0]);
    let error = load_with(b"colour,y\nblue,1\n", &other)
        .err()
        .expect("no `x`");
    let message = "`a.csv`: expected a column `x`, which the run learned, found `colour`, `y`";
    assert_eq!(error.to_string(), message);
    let parts = load_with(b"1,0,1\n2,1,0\n", &other).expect("by place");
    assert_eq!(numbers(&parts.train), [1.0, 0.0, 1.0, 2.0, 1.0, 0.0]);
    let error = load_with(b"1,0\n2,1\n", &other).err().expect("too few");
    assert_eq!(
        error.to_string(),
        "`a.csv`: expected 3 columns, as the run learned, found 2"
    );
}

#[test]
fn what_is_no_number_is_named_with_its_line_and_column() {
    let words = "(`--missing red` takes it for a missing cell, `--skip-bad` leaves the row out, `--drop b` the column)";
    for (text, message) in [
        (
            "a,b\n\n1,2\n1,3\n1,red\n",
            &*format!("`a.csv:5`: expected a number in column `b`, found `red` {words}"),
        ),
        (
            "a,b\n1,-inf\n",
            "`a.csv:2`: expected a finite number in column `b`, found `-inf`",
        ),
        (
            "a,b\n1,1e999\n",
            "`a.csv:2`: expected a finite number in column `b`, found `1e999`",
        ),
        (
            "a,b\n1,2\n1\n",
            "`a.csv:3`: expected 2 fields as in line 1, found 1",
        ),
        (
            "a,b\n1,\"2\n3,4\n",
            "`a.csv:2`: expected rows of fields, found a quote that is not closed",
        ),
        (
            "",
            "`a.csv`: expected a table of numbers, found an empty file",
        ),
        (
            "a,b\n",
            "`a.csv`: expected a column with a known number or word, found none",
        ),
    ] {
        fails(text, None, message);
    }
    fails(
        "1,red\n2,\n",
        Some("2"),
        "`a.csv:2`: expected a label, found a missing cell",
    );
    fails(
        "1\n2\n",
        Some("1"),
        "`a.csv`: expected a column beside the label, found none",
    );
    fails(
        "a,b\n1,2\n",
        Some("c"),
        "`label` of `a.csv`: expected one of `a`, `b`, or a column by its number, 1 to 2, found `c`",
    );
    fails(
        "1,2\n",
        Some("0"),
        "`label` of `a.csv`: expected a column by its number, 1 to 2, found `0`",
    );
}

fn load_target(
    text: &str,
    label: Option<&str>,
    column: &str,
    kind: TargetKind,
    skip_bad: bool,
) -> Result<Parts, Error> {
    let target = TargetColumn {
        column: column.to_owned(),
        kind,
    };
    load_with(
        text.as_bytes(),
        &Source {
            target: Some(target),
            ..source(label, skip_bad)
        },
    )
}

fn refuses(parts: Result<Parts, Error>, message: &str) {
    let error = parts.err().expect(message);
    assert_eq!(error.to_string(), message);
}

const HOUSES: &str = "rooms,price,kind\n3,1.5,1\n4,-2e2,2.0\n5,7,+1\n";

#[test]
fn numbers_to_predict_are_no_input() {
    let numbers = "rooms,price\n3,1.5\n4,-2e2\n";
    for column in ["price", "2"] {
        let parts = load_target(numbers, None, column, TargetKind::Numbers, false);
        let train = parts.expect("it has numbers").train;
        assert_eq!(train.columns(), ["rooms"]);
        assert_eq!(train.target_columns(), ["price"]);
        assert_eq!(train.target_row(0), Some(&[1.5][..]));
        assert_eq!(train.target_row(1), Some(&[-200.0][..]));
        assert_eq!((train.label(0), train.caption(1)), (None, "1"));
    }
    let parts = load_target("1,2\n3,4\n", None, "1", TargetKind::Numbers, false);
    let train = parts.expect("it has numbers").train;
    let names = (train.columns(), train.target_columns());
    assert_eq!(names, (&["2".to_owned()][..], &["1".to_owned()][..]));
    assert_eq!(train.target_row(1), Some(&[3.0][..]));
}

#[test]
fn a_whole_number_is_the_same_class_in_every_spelling() {
    let parts = load_target(HOUSES, None, "kind", TargetKind::Classes, false);
    let train = parts.expect("it has classes").train;
    assert_eq!(train.columns(), ["rooms", "price"]);
    let classes = (train.classes(), train.class_counts());
    assert_eq!(classes, (&["1".to_owned(), "2".to_owned()][..], vec![2, 1]));
    assert_eq!([0, 1, 2].map(|row| train.label(row)), [0, 1, 0].map(Some));
    assert_eq!(train.caption(1), "2");
    let words = load_target("a,b\n1,red\n2,3\n", None, "b", TargetKind::Classes, false);
    assert_eq!(
        words.expect("a word is a class").train.classes(),
        ["3", "red"]
    );
}

#[test]
fn a_number_with_a_fraction_is_no_class_and_the_message_says_what_it_is_for() {
    for skip_bad in [false, true] {
        let text = "a,price\n1,2\n3,2.75\n";
        let parts = load_target(text, None, "price", TargetKind::Classes, skip_bad);
        let error = parts.err().expect("a fraction");
        let message = "`a.csv:3`: expected a class (a word or a whole number) in column `price`, found `2.75`";
        assert_eq!(error.to_string(), message);
        let hint =
            "a number to predict is for regression: take the column as numbers, not as classes";
        assert_eq!(error.hint().as_deref(), Some(hint));
    }
}

#[test]
fn targets_that_are_not_there_are_named_with_their_line() {
    let (numbers, classes) = (TargetKind::Numbers, TargetKind::Classes);
    for (text, kind, message) in [
        (
            "a,y\n1,\n2,1\n",
            numbers,
            "`a.csv:2`: expected a number in column `y`, found a missing cell",
        ),
        (
            "a,y\n1,inf\n",
            numbers,
            "`a.csv:2`: expected a finite number in column `y`, found `inf`",
        ),
        (
            "a,y\n1,red\n",
            numbers,
            "`a.csv:2`: expected a number in column `y`, found `red`",
        ),
        (
            "a,y\n1,\n",
            classes,
            "`a.csv:2`: expected a class (a word or a whole number) in column `y`, found a missing cell",
        ),
        (
            "y\n1\n",
            numbers,
            "`a.csv`: expected a column beside the target, found none",
        ),
        (
            "a,b\n1,2\n",
            classes,
            "`target` of `a.csv`: expected one of `a`, `b`, or a column by its number, 1 to 2, found `y`",
        ),
    ] {
        refuses(load_target(text, None, "y", kind, false), message);
    }
    let text = "a,y\n1,2\n3,\n5,x\n7,8\n9,10\n";
    let parts = load_target(text, None, "y", numbers, true).expect("three are good");
    assert_eq!(parts.train.len(), 3);
    assert_eq!(parts.train.target_row(1), Some(&[8.0][..]));
    assert!(parts.skipped[0].starts_with("a.csv:4: expected a number in column `y`, found `x`"));
    assert_eq!(
        parts.skipped[1],
        "a.csv:3: expected a number in column `y`, found a missing cell"
    );
    assert_eq!([0, 1, 2].map(|index| parts.train.row(index)), [0, 3, 4]);
}

#[test]
fn label_and_target_are_one_column_or_refused() {
    for label in ["kind", "3"] {
        let parts = load_target(HOUSES, Some(label), "kind", TargetKind::Classes, false);
        assert_eq!(parts.expect("one column").train.classes(), ["1", "2"]);
    }
    refuses(
        load_target(HOUSES, Some("kind"), "price", TargetKind::Numbers, false),
        "`target` of `a.csv`: expected the column of `label`, or no `label`, found `price` beside the label `kind`",
    );
}

#[test]
fn bad_rows_are_left_out_and_listed_where_allowed() {
    let text = b"a,b,y\n1,2,x\n3,?!,x\n4\n5,6,z\n7,8,\n9,9,x\n";
    let parts = load(text, Some("y"), true).expect("three rows are good");
    assert_eq!(numbers(&parts.train), [1.0, 2.0, 5.0, 6.0, 9.0, 9.0]);
    assert_eq!(parts.train.classes(), ["x", "z"]);
    assert!(parts.skipped[0].starts_with("a.csv:3: expected a number in column `b`, found `?!`"));
    assert_eq!(
        parts.skipped[1..],
        [
            "a.csv:4: expected 3 fields as in line 1, found 1",
            "a.csv:6: expected a label, found a missing cell",
        ]
    );
    assert_eq!([0, 1, 2].map(|index| parts.train.row(index)), [0, 3, 5]);
}

#[test]
fn no_bytes_make_it_panic() {
    let valid = b"a,\"b\"\"c\",kind\r\n1,2.5,red\r\n-3e2,4,\"blue, dark\"\r\n5,6,7\r\n";
    let mut random = crate::test_random::random();
    for _ in 0..10_000 {
        let mut bytes = valid.to_vec();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes[at] = b",;\t \"\r\n0.e-\0#"[random(13)],
                _ => bytes.truncate(at.max(1)),
            }
        }
        for label in [None, Some("kind"), Some("3")] {
            let _ = load(&bytes, label, random(2) == 0);
        }
        let text = String::from_utf8_lossy(&bytes);
        for kind in [TargetKind::Classes, TargetKind::Numbers] {
            let _ = load_target(&text, None, "3", kind, random(2) == 0);
        }
    }
}

/// A run of the first rules finds its table as it was: a nameless column is learned, names may come twice, years are a row.
#[test]
fn the_first_rules_read_as_they_did() {
    let first = source(None, false);
    let first = Source { rules: 1, ..first };
    for (text, columns, rows) in [
        (&b",a\n0,5\n1,6\n"[..], &["1", "a"][..], 2),
        (b"a,a\n3,5\n", &["a", "a"], 1),
        (b"2019,2020,2021,2022\n1,2,3,5\n", &["1", "2", "3", "4"], 2),
    ] {
        let train = load_with(text, &first).expect("a table").train;
        assert_eq!(
            (train.columns(), train.len()),
            (
                &columns
                    .iter()
                    .map(|&name| name.to_owned())
                    .collect::<Vec<_>>()[..],
                rows
            )
        );
    }
}

#[test]
fn words_that_a_model_has_not_learned_are_told_or_refused() {
    let learned = |names: &[&str]| Source {
        learned: Some(names.iter().map(|&name| name.to_owned()).collect()),
        ..source(None, false)
    };
    let parts = load_with(
        b"colour\nred\nviolet\n\nred\n",
        &learned(&["colour=red", "colour=blue"]),
    );
    let parts = parts.expect("the column is there");
    let note = "column `colour` has a word that the run has not learned in 1 rows: there it is none of the words learned";
    assert_eq!(parts.notes, [note]);
    assert_eq!(numbers(&parts.train), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    let error = load_with(b"size\nlarge\nsmall\n", &learned(&["size"]))
        .err()
        .expect("words");
    let message = "`a.csv`: expected numbers or truth values in column `size`, found `large`";
    assert_eq!(error.to_string(), message);
}

/// A table of dates and as many numbers, its columns `when` and `x`.
fn dated(words: &[&str]) -> String {
    let rows = words.iter().enumerate();
    let rows: String = rows.map(|(row, word)| format!("{word},{row}\n")).collect();
    format!("when,x\n{rows}")
}

fn with_dates(skip_bad: bool) -> Source {
    let columns = ColumnChoice {
        dates: vec!["when".to_owned()],
        ..ColumnChoice::default()
    };
    Source {
        columns,
        ..source(None, skip_bad)
    }
}

#[test]
fn dates_are_days_since_1970_where_that_is_asked_for() {
    for (words, days) in [
        (["2000-03-01", "1970-01-01T12:00Z"], [11_017.0, 0.5]),
        (["29.11.2026", "01.03.2000"], [20_786.0, 11_017.0]),
        (["03/01/2000", "11/29/2026"], [11_017.0, 20_786.0]),
        (["05.05.1970", "2000/3/1 06:00"], [124.0, 11_017.25]),
    ] {
        let parts = load_with(dated(&words).as_bytes(), &with_dates(false)).expect(words[0]);
        assert_eq!(parts.train.columns(), ["when", "x"]);
        assert_eq!(Vec::from_iter(parts.train.column(0)), days);
        assert_eq!(parts.columns[0].role, ColumnRole::Date);
    }
    let parts = load_with(
        dated(&["2000-03-01T12:30", "", "2026-11-29"]).as_bytes(),
        &with_dates(false),
    )
    .expect("a date may be missing");
    assert!(parts.train.column(0).nth(1).is_some_and(f64::is_nan));
    assert_eq!(
        parts.notes,
        [
            "column `when` holds dates, 2000-03-01T12:30:00 to 2026-11-29: days since 1970-01-01 UTC",
            "column `when` misses 1 of 3 cells"
        ]
    );
    // The other data of a run may lack the column, or bring it in another place.
    let learned = Source {
        learned: Some(vec!["x".to_owned(), "when".to_owned()]),
        ..with_dates(false)
    };
    let parts = load_with(dated(&["2000-03-01"]).as_bytes(), &learned).expect("by name");
    assert_eq!(numbers(&parts.train), [0.0, 11_017.0]);
}

#[test]
fn what_is_no_date_is_refused_or_left_out() {
    let forms = "as 2026-11-29, 2026-11-29T10:30Z, 29.11.2026, 11/29/2026, 29 Nov 2026 or 20261129";
    let text = dated(&["2000-03-01", "soon", "2026-11-29"]);
    refuses(
        load_with(text.as_bytes(), &with_dates(false)),
        &format!(
            "`a.csv:3`: expected a date in column `when`, {forms}, found `soon` (`--missing soon` takes it for a missing cell, \
             `--skip-bad` leaves the row out)"
        ),
    );
    let parts = load_with(text.as_bytes(), &with_dates(true)).expect("two rows are good");
    assert_eq!(numbers(&parts.train), [11_017.0, 0.0, 20_786.0, 2.0]);
    assert_eq!([0, 1].map(|row| parts.train.row(row)), [0, 2]);
    assert_eq!(
        parts.skipped,
        [format!(
            "a.csv:3: expected a date in column `when`, {forms}, found `soon`"
        )]
    );
    refuses(
        load_with(dated(&["2026", "2027"]).as_bytes(), &with_dates(false)),
        &format!(
            "`a.csv:2`: expected a date in column `when`, {forms}, found `2026` (`--missing 2026` takes it for a missing cell, \
             `--skip-bad` leaves the row out)"
        ),
    );
    let index = Source {
        columns: ColumnChoice {
            index: Some("1".to_owned()),
            ..with_dates(false).columns
        },
        ..source(None, false)
    };
    refuses(
        load_with(text.as_bytes(), &index),
        "`dates` of `a.csv`: expected columns of numbers to be, found `when`, which names the rows",
    );
}

#[test]
fn a_day_and_a_month_that_cannot_be_told_apart_are_refused() {
    refuses(
        load_with(
            dated(&["05.05.2026", "01.02.2026", "", "03.04.2026"]).as_bytes(),
            &with_dates(false),
        ),
        "`a.csv:3`: expected a day over 12 in column `when`, which tells whether the day or the month stands first, found none in \
         4 rows, as `01.02.2026` (write the year first, as in 2026-11-29, or leave the column out by `--drop when`)",
    );
    refuses(
        load_with(
            dated(&["01/02/2026", "29/11/2026", "11/29/2026"]).as_bytes(),
            &with_dates(false),
        ),
        "`a.csv:4`: expected the day first in column `when`, as in `29/11/2026` of `a.csv:3`, found `11/29/2026`",
    );
    refuses(
        load_with(
            dated(&["11/29/2026", "29/11/2026"]).as_bytes(),
            &with_dates(true),
        ),
        "`a.csv:3`: expected the month first in column `when`, as in `11/29/2026` of `a.csv:2`, found `29/11/2026`",
    );
}

#[test]
fn a_column_of_dates_is_told_as_such() {
    let days: Vec<String> = (1..=28)
        .flat_map(|day| [format!("2026-01-{day:02}"), format!("2026-02-{day:02}")])
        .collect();
    let few = dated(&Vec::from_iter(days.iter().map(String::as_str)));
    let parts = load(few.as_bytes(), None, false).expect("56 words");
    assert_eq!(
        parts.notes,
        [
            "column `when` holds 56 different words: one column of 0 and 1 for each (they are dates: `--dates when` makes days since \
             1970 of them)"
        ]
    );
    let many: Vec<String> = days
        .iter()
        .flat_map(|day| [day.clone(), format!("{day} 12:00")])
        .collect();
    fails(
        &dated(&Vec::from_iter(many.iter().map(String::as_str))),
        None,
        "`a.csv`: expected numbers, or at most 64 different words, in column `when`, found 112 words in 112 rows, as `2026-01-01` \
         (`--dates when` makes days since 1970 of it, `--drop when` leaves the column out, `--index when` names the rows by it, \
         `--label when` takes it for classes)",
    );
}

fn shaped(shape: &str) -> Source {
    Source {
        shape: Some(shape.parse().expect("a shape")),
        ..source(Some("label"), false)
    }
}

#[test]
fn rows_of_pixels_are_images_where_that_is_asked_for() {
    let text = "label,p0,p1,p2,p3,p4,p5\ncat,0,51,102,153,204,255\ndog,9,8,7,6,5,4\n";
    let parts = load_with(text.as_bytes(), &shaped("2x3")).expect("images");
    let train = &parts.train;
    assert!(!train.is_table() && train.columns().is_empty());
    assert_eq!(train.shape().to_string(), "1x2x3");
    assert_eq!(
        train.pixels(0).expect("in memory"),
        [0, 51, 102, 153, 204, 255]
    );
    assert_eq!(train.pixels(1).expect("in memory"), [9, 8, 7, 6, 5, 4]);
    assert_eq!(
        (train.classes(), train.label(1)),
        (&["cat", "dog"].map(str::to_owned)[..], Some(1))
    );
    assert_eq!(train.pixel_columns()[5], "p5");
    assert_eq!((train.caption(1), train.row(1)), ("dog", 1));
    assert!(parts.notes.is_empty(), "{:?}", parts.notes);
    // The other data of a run: columns by name, in any order, without the label.
    let other = Source {
        learned: Some(train.pixel_columns().to_vec()),
        pixel_range: train.pixel_range(),
        ..shaped("2x3")
    };
    let parts = load_with(b"p5,p4,p3,p2,p1,p0\n1,2,3,4,5,6\n", &other).expect("images");
    assert_eq!(
        parts.train.pixels(0).expect("in memory"),
        [6, 5, 4, 3, 2, 1]
    );
    // Channels side by side, and one behind the other.
    let colour = "label,1,2,3,4,5,6\na,10,20,30,40,50,255\n";
    for (shape, pixels) in [
        ("1x2x3", [10, 40, 20, 50, 30, 255]),
        ("3x1x2", [10, 20, 30, 40, 50, 255]),
    ] {
        let train = load_with(colour.as_bytes(), &shaped(shape))
            .expect(shape)
            .train;
        assert_eq!(train.shape().to_string(), "3x1x2");
        assert_eq!(train.pixels(0).expect("in memory"), pixels, "{shape}");
    }
    let smaller = Source {
        size: Some([1, 1]),
        ..shaped("2x3")
    };
    let train = load_with(text.as_bytes(), &smaller).expect("images").train;
    assert_eq!(train.shape().to_string(), "1x1x1");
}

#[test]
fn the_numbers_of_pixels_tell_what_they_mean_in_tables_too() {
    let text = "label,a,b\nx,0,1\ny,1,0\n";
    let train = load_with(text.as_bytes(), &shaped("1x2"))
        .expect("images")
        .train;
    assert!(train.two_valued());
    let text = "label,a,b\nx,0,16\ny,8,0\n";
    let parts = load_with(text.as_bytes(), &shaped("1x2")).expect("images");
    assert_eq!(parts.notes, ["pixels of 0 to 16 are stretched to 0 to 255"]);
    assert_eq!(parts.train.pixels(1).expect("in memory"), [128, 0]);
    let given = Source {
        pixel_range: Some(crate::PixelRange {
            low: 0.0,
            high: 32.0,
        }),
        ..shaped("1x2")
    };
    let train = load_with(text.as_bytes(), &given).expect("images").train;
    assert_eq!(train.pixels(0).expect("in memory"), [0, 128]);
}

#[test]
fn rows_that_are_no_images_of_that_shape_are_refused() {
    let text = "label,a,b\nx,0,1\ny,,0\n";
    refuses(
        load_with(text.as_bytes(), &shaped("2x2")),
        "`shape` of `a.csv`: expected 2 numbers, as many as a row has inputs (`--label`, `--drop` and `--index` take columns out), \
         found 2x2, which are 4",
    );
    refuses(
        load_with(text.as_bytes(), &shaped("1x2")),
        "`a.csv`: expected a number for each pixel, found a missing cell in row 2, column `a`",
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    let nowhere = Source {
        name: folder.path().display().to_string(),
        ..shaped("1x2")
    };
    let error = crate::load(&Source {
        label: None,
        ..nowhere
    })
    .expect_err("no table")
    .to_string();
    assert!(
        error.ends_with("expected a table whose rows are images, found 1x2"),
        "{error}"
    );
}

#[test]
fn columns_called_like_pixels_are_told() {
    let header: String = (0..64).map(|at| format!(",pixel{at}")).collect();
    let row: String = (0..64).map(|at| format!(",{at}")).collect();
    let other: String = (0..64).map(|at| format!(",{}", at * 2)).collect();
    let text = format!("label{header}\n1{row}\n2{other}\n");
    let hint = "64 columns are called like pixels: `--shape 8x8` makes images of the rows";
    let parts = load(text.as_bytes(), Some("label"), false).expect("a table");
    assert_eq!(parts.notes, ["never changes: `pixel0`", hint]);
    let parts = load(text.as_bytes(), None, false).expect("a table");
    let more = format!("{hint}, where `--label` or `--drop` takes the other columns out");
    assert_eq!(parts.notes[1], more);
}

#[test]
fn words_stand_for_missing_cells_in_the_columns_that_are_named() {
    let text = "a,b,c\n0,0,x\n2,3,y\n";
    let named = |missing_in: &[&str]| Source {
        missing: vec!["0".to_owned(), "x".to_owned()],
        missing_in: missing_in.iter().map(|&name| name.to_owned()).collect(),
        ..source(None, false)
    };
    let missing = |missing_in: &[&str]| {
        let parts = load_with(text.as_bytes(), &named(missing_in)).expect("a table");
        let counts = parts.columns.iter().map(|facts| facts.missing);
        counts.collect::<Vec<_>>()
    };
    assert_eq!(missing(&[]), [1, 1, 1]);
    assert_eq!(missing(&["b"]), [0, 1, 0]);
    assert_eq!(missing(&["3", "a"]), [1, 0, 1]);
    refuses(
        load_with(text.as_bytes(), &named(&["d"])),
        "`missing_in` of `a.csv`: expected one of `a`, `b`, `c`, or a column by its number, 1 to 3, found `d`",
    );
}
