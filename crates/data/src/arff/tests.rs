use super::*;
use crate::frame::{Cells, MISSING, Place, Words};

fn frame_of(text: &[u8], skip_bad: bool) -> Result<Frame, Error> {
    let source = Source {
        skip_bad,
        ..Source::named("a.arff")
    };
    read(&source, Path::new("a.arff"), text.len() as u64, text)
}

fn whole(text: &str) -> Frame {
    frame_of(text.as_bytes(), false).expect("a whole table")
}

fn fails(text: &str, message: &str) {
    let error = frame_of(text.as_bytes(), false).expect_err(message);
    assert_eq!(error.to_string(), message, "{text}");
}

#[track_caller]
fn numbers(frame: &Frame, name: &str, expected: &[f64]) {
    let bits = |numbers: &[f64]| Vec::from_iter(numbers.iter().map(|number| number.to_bits()));
    match &column(frame, name).cells {
        Cells::Numbers(numbers) => assert_eq!(bits(numbers), bits(expected), "{numbers:?}"),
        others => panic!("{others:?}"),
    }
}

#[track_caller]
fn words(frame: &Frame, name: &str, codes: &[u32], names: &[&str]) {
    let expected = Words {
        codes: codes.to_vec(),
        names: names.iter().map(|&name| name.to_owned()).collect(),
    };
    assert_eq!(column(frame, name).cells, Cells::Words(expected));
}

fn column<'a>(frame: &'a Frame, name: &str) -> &'a crate::frame::Column {
    let mut columns = frame.columns.iter();
    columns.find(|column| column.name == name).expect(name)
}

const DENSE: &str = "\u{feff}% A table.\r
@RELATION 'a table'\r
\r
@Attribute  width\tREAL
@attribute 'number of legs' integer   % how many
@attribute kind{a, 'b c', \"d\",'e\\'s'}
@ATTRIBUTE note string
@attribute day date 'yyyy-MM-dd'
@data
1.5, 4, a, 'x, y', 2024-01-02
% between
?,-3e2,'b c',?,?

0.1,?,d,'?','2024-01-02', {5}
  1e-3 , 7 , \"e's\" , plain words , 2024-03-04 % the last
";

#[test]
fn dense_rows() {
    let frame = whole(DENSE);
    assert_eq!((frame.place, frame.is_named), (Place::Line, true));
    assert_eq!(Vec::from_iter(frame.places.iter()), [10, 12, 14, 15]);
    assert_eq!(frame.at(2), "a.arff:14");
    numbers(&frame, "width", &[1.5, f64::NAN, 0.1, 1e-3]);
    numbers(&frame, "number of legs", &[4.0, -300.0, f64::NAN, 7.0]);
    words(&frame, "kind", &[0, 1, 2, 3], &["a", "b c", "d", "e's"]);
    let notes = ["x, y", "?", "plain words"];
    words(&frame, "note", &[0, MISSING, 1, 2], &notes);
    words(
        &frame,
        "day",
        &[0, MISSING, 0, 1],
        &["2024-01-02", "2024-03-04"],
    );
}

#[test]
fn sparse_rows() {
    let frame = whole(
        "@relation r\n@attribute a numeric\n@attribute b {no,yes}\n@attribute c string\n@data\n\
         {0 2.5, 1 yes}\n{}\n{2 'a b',0 ?}, {0.5}\n{ 1 ? }\n",
    );
    numbers(&frame, "a", &[2.5, 0.0, f64::NAN, 0.0]);
    words(&frame, "b", &[1, 0, 0, MISSING], &["no", "yes"]);
    words(&frame, "c", &[MISSING, MISSING, 0, MISSING], &["a b"]);
}

#[test]
fn blanks_may_stand_for_commas_and_old_files_are_latin() {
    let frame =
        whole("@relation r\n@attribute a real\n@attribute b {x,'y z'}\n@data\n1\tx\n2  'y z'\n");
    numbers(&frame, "a", &[1.0, 2.0]);
    words(&frame, "b", &[0, 1], &["x", "y z"]);
    let latin = b"@relation r\n@attribute a {caf\xe9}\n@data\ncaf\xe9\n";
    words(
        &frame_of(latin, false).expect("Latin-1"),
        "a",
        &[0],
        &["café"],
    );
}

#[test]
fn a_table_without_rows_is_one() {
    assert_eq!(whole("@relation r\n@attribute a real\n@data\n").len(), 0);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let head = "@relation r\n@attribute a real\n@attribute b {x, y}\n@data\n";
    for (row, message) in [
        (
            "1,z",
            "`a.arff:5`: expected one of `x`, `y` in column `b`, found `z`",
        ),
        (
            "1,X",
            "`a.arff:5`: expected one of `x`, `y` in column `b`, found `X`",
        ),
        (
            "%\n\none,x",
            "`a.arff:7`: expected a number or `?` in column `a`, found `one`",
        ),
        (
            ",x",
            "`a.arff:5`: expected a number or `?` in column `a`, found an empty field",
        ),
        (
            "1,x\n1",
            "`a.arff:6`: expected 2 values, one for each attribute, found 1",
        ),
        (
            "1,x,2",
            "`a.arff:5`: expected 2 values, one for each attribute, found 3",
        ),
        (
            "1,'x",
            "`a.arff:5`: expected a quote that is closed, found none before the end of the line",
        ),
        ("1,'x' y", "`a.arff:5`: expected a comma, found `y`"),
        (
            "{2 5}",
            "`a.arff:5`: expected the number of an attribute, 0 to 1, found `2`",
        ),
        (
            "{0 5, 0 6}",
            "`a.arff:5`: expected one value of attribute 0, found two",
        ),
        (
            "{0 5",
            "`a.arff:5`: expected a comma or `}` after a value, found the end of the line",
        ),
        (
            "{0 5} 6",
            "`a.arff:5`: expected nothing but a weight after `}`, found `6`",
        ),
    ] {
        fails(&format!("{head}{row}\n"), message);
    }
    for (text, message) in [
        (
            "",
            "`a.arff`: expected a line `@data`, found the end after 0 attributes",
        ),
        (
            "@relation r\n@data\n1\n",
            "`a.arff:2`: expected an `@attribute` before the data, found none",
        ),
        (
            "a,b\n1,2\n",
            "`a.arff:1`: expected `@relation`, `@attribute` or `@data`, found `a,b`",
        ),
        (
            "@attribute a relational\n",
            "`a.arff:1`: expected `numeric`, `real`, `integer`, `string`, `date` or `{a, b}` as the type of attribute `a`, \
             found `relational`",
        ),
        (
            "@attribute a real\n@attribute a real\n",
            "`a.arff:2`: expected an attribute of a new name, found another `a`",
        ),
        (
            "@attribute a {x, y\n",
            "`a.arff:1`: expected `}` after the words of attribute `a`, found the end of the line",
        ),
        (
            "@attribute a {'x' y}\n",
            "`a.arff:1`: expected a comma or `}` in the words of attribute `a`, found `y}`",
        ),
        (
            "@attribute\n",
            "`a.arff:1`: expected the name of an attribute, found none",
        ),
    ] {
        fails(text, message);
    }
}

#[test]
fn bad_rows_are_left_out_and_listed_where_allowed() {
    let text = "@attribute a real\n@attribute b {x, y}\n@data\n1,x\n2,z\n3\n4,y\n";
    let frame = frame_of(text.as_bytes(), true).expect("two rows are good");
    numbers(&frame, "a", &[1.0, 4.0]);
    assert_eq!(Vec::from_iter(frame.places.iter()), [4, 7]);
    assert_eq!(
        frame.skipped,
        [
            "a.arff:5: expected one of `x`, `y` in column `b`, found `z`",
            "a.arff:6: expected 2 values, one for each attribute, found 1",
        ]
    );
}
