//! Every row that a command writes belongs to the row of the file whose number it bears, whatever is left out and in whichever order.

use std::collections::BTreeMap;

use crate::program::Room;

/// A row of the table by its number: three columns that differ in every row, one class in two.
fn row(number: usize) -> String {
    let [a, b, c] = [7, 11, 13].map(|step| (number * step % 31) as f64 / 31.0);
    let kind = ["x", "y"][number % 2];
    format!("n{number},{a:.4},{b:.4},{c:.4},{kind}\n")
}

const HEADER: &str = "id,a,b,c,kind\n";

/// The numbers below `count`, `step` apart, in a circle.
fn circle(count: usize, step: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |place| (place * step + 5) % count)
}

/// Where each command has what depends on the row alone: the first cell and those behind.
const COMMANDS: [(&str, std::ops::Range<usize>); 6] = [
    ("encode r", 1..4),
    // The score, not its rank among others, and its p-value.
    ("score r", 1..3),
    ("neighbours r -k 1", 1..6),
    ("hash r --at 0", 1..3),
    ("predict c", 1..6),
    ("score r --top 5", 1..3),
];

#[test]
fn a_row_bears_the_number_of_the_row_that_it_is_of() {
    let room = Room::new();
    let learned: String = (31..93).map(row).collect();
    room.write("learned.csv", format!("{HEADER}{learned}"));
    let table = [
        "learned.csv",
        "--index",
        "id",
        "--test-fraction=.3",
        "--layers",
        "6",
    ];
    room.train(
        "r",
        &[&table[..], &["--label", "kind", "--latent", "2"]].concat(),
    );
    room.train(
        "c",
        &[&table[..], &["--target", "kind", "--model", "classifier"]].concat(),
    );
    let whole: String = (0..31).map(row).collect();
    room.write("whole.csv", format!("{HEADER}{whole}"));
    for step in [1, 12, 30] {
        // Every fourth row cannot be read.
        let mixed: Vec<_> = circle(31, step)
            .enumerate()
            .map(|(place, number)| match place % 4 {
                1 => format!("n{number},oops,0,0,x\n"),
                2 if place == 6 => format!("n{number},1\n"),
                _ => row(number),
            })
            .collect();
        room.write("mixed.csv", format!("{HEADER}{}", mixed.concat()));
        for (command, cells) in COMMANDS {
            let run = |data: &str, more: &[&str]| {
                let words: Vec<&str> = command.split(' ').collect();
                let run = [&words[..], &["--data", data], more].concat();
                let rows = room.run(&run).rows();
                rows.into_iter().skip(1).collect::<Vec<_>>()
            };
            let name = |line: &[String]| line.last().expect("an identity").clone();
            let all = command.replace(" --top 5", "");
            let all: Vec<&str> = all.split(' ').chain(["--data", "whole.csv"]).collect();
            let expected: BTreeMap<_, _> = room.run(&all).rows()[1..]
                .iter()
                .map(|line| (name(line), line[cells.clone()].to_vec()))
                .collect();
            assert_eq!(expected.len(), 31);
            for more in [
                &["--skip-bad"][..],
                &["--skip-bad", "--limit", "9"],
                &["--skip-bad", "--first", "7"],
                &["--skip-bad", "--classes", "y", "--limit", "5"],
            ] {
                let lines = run("mixed.csv", more);
                assert!(lines.len() >= 5, "{command} {more:?}");
                for line in lines {
                    let number: usize = line[line.len() - 2].parse().expect("a row");
                    let id = name(&line);
                    assert!(mixed[number].starts_with(&format!("{id},")), "{line:?}");
                    assert_eq!(line[cells.clone()], expected[&id], "{command} {more:?}");
                }
            }
        }
    }
}

/// A filled table has its rows in the order of the file, and each is filled as in any other order.
#[test]
fn rows_are_filled_alike_in_any_order() {
    let room = Room::new();
    let learned: String = (31..93).map(row).collect();
    room.write("learned.csv", format!("{HEADER}{learned}"));
    let table = [
        "learned.csv",
        "--index",
        "id",
        "--test-fraction=.3",
        "--drop",
        "kind",
    ];
    room.train(
        "r",
        &[&table[..], &["--layers", "6", "--latent", "2"]].concat(),
    );
    let holed = |number: usize| match number % 3 {
        0 => row(number),
        _ => {
            let line = row(number);
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},{},,{},{}", cells[0], cells[1], cells[3], cells[4])
        }
    };
    let filled = |step: usize| {
        let rows: String = circle(31, step).map(holed).collect();
        room.write("holed.csv", format!("{HEADER}{rows}"));
        let lines = room
            .run(&["impute", "r", "--data", "holed.csv", "--rounds", "20"])
            .rows();
        let ids: Vec<_> = lines[1..].iter().map(|line| line[0].clone()).collect();
        let asked: Vec<_> = circle(31, step)
            .map(|number| format!("n{number}"))
            .collect();
        assert_eq!(ids, asked);
        let mut lines = lines;
        lines.sort();
        lines
    };
    let expected = filled(1);
    assert!(
        expected
            .iter()
            .all(|line| line.iter().all(|cell| !cell.is_empty()))
    );
    assert_eq!(filled(12), expected);
}
