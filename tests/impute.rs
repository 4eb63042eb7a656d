//! Missing cells filled from outside: what is filled, and that nothing else changes.

use crate::program::{Ran, Room};

/// A table that one number makes: numbers, whole numbers, truth values, words, a date; with an identity that is left out.
fn measured(rows: u32) -> String {
    let mut text = "id,a,b,count,ok,kind,day\n".to_owned();
    for row in 0..rows {
        let t = f64::from(row * 37 % 100) / 50.0 - 1.0;
        let (ok, kind) = (
            if t > 0.0 { "Yes" } else { "No" },
            ["low", "mid", "high"][((t + 1.0) * 1.5) as usize],
        );
        let day = 1 + row * 37 % 100 / 4;
        text += &format!(
            "r{row},{:.2},{:.3},{},{ok},{kind},2026-03-{day:02}\n",
            t,
            2.0 * t + 1.0,
            (10.0 * t).round()
        );
    }
    text
}

const MODEL: [&str; 9] = [
    "measured.csv",
    "--drop=id",
    "--dates=day",
    "--test-fraction=.3",
    "--layers=12",
    "--latent=1",
    "--set",
    "train.epochs=400",
    "--seed=3",
];

fn room() -> Room {
    let room = Room::new();
    room.write("measured.csv", measured(300));
    room.train("r", &MODEL);
    room
}

fn fill(room: &Room, name: &str, text: &str) -> Ran {
    room.write(name, text);
    room.run(&["impute", "r", "--data", name]).ok()
}

#[test]
fn holes_are_filled_and_every_other_byte_stays() {
    let room = room();
    let holes = "# bench 4;;\r\nkind;note;b;\"a\" ;day;count;ok\r\n\
        high;\"x; \"\"y\"\"\";2,800; 0,90 ;NA;9; ? \r\n\r\n\
        ;NA;-0,8;-0,90;2026-03-02; ;no\r\n\
        mid;;\"\";0,0;2026-03-13;0;\r\n";
    let ran = fill(&room, "holes.csv", holes);
    let lines: Vec<&str> = ran.stdout.split("\r\n").collect();
    assert_eq!(lines.len(), 7, "{ran:?}");
    assert_eq!(
        lines[..2],
        ["# bench 4;;", "kind;note;b;\"a\" ;day;count;ok"]
    );
    let day = lines[2]
        .strip_prefix("high;\"x; \"\"y\"\"\";2,800; 0,90 ;2026-03-")
        .expect(lines[2]);
    let day = day.strip_suffix(";9; yes ").expect(lines[2]);
    let day: u32 = day.parse().expect(lines[2]);
    assert!((22..=25).contains(&day), "{day}");
    let count = lines[4]
        .strip_prefix("low;NA;-0,8;-0,90;2026-03-02; ")
        .expect(lines[4]);
    let count: i32 = count
        .strip_suffix(";no")
        .expect(lines[4])
        .parse()
        .expect("a whole number");
    assert!((-10..=-7).contains(&count), "{count}");
    let b = lines[5].strip_prefix("mid;;\"").expect(lines[5]);
    let b = b.split('"').next().expect("a number").replace(',', ".");
    let b: f64 = b.parse().expect(lines[5]);
    assert!((b - 1.0).abs() < 0.3, "{b}");
    assert!(
        ran.stderr.contains("filled 6 cells in 3 of 3 rows"),
        "{}",
        ran.stderr
    );
    // What was filled is filled: a second pass changes nothing.
    let again = fill(&room, "filled.csv", &ran.stdout);
    assert_eq!(again.stdout, ran.stdout);
    assert!(
        again.stderr.contains("no cell is missing"),
        "{}",
        again.stderr
    );
}

#[test]
fn a_row_is_filled_alike_alone_and_among_others() {
    for model in ["ae", "vae"] {
        let room = Room::new();
        room.write("measured.csv", measured(200));
        room.train(
            "r",
            &[&MODEL[..], &["--model", model, "--epochs", "20"]].concat(),
        );
        let head = "id,a,b,count,ok,kind,day\n";
        let row = "x,,1.5,3,,mid,2026-03-15\n";
        let others = "y,0.5,,5,Yes,,\nz,,,,,,\n";
        let alone = fill(&room, "alone.csv", &format!("{head}{row}")).stdout;
        let among = fill(&room, "among.csv", &format!("{head}{others}{row}{others}")).stdout;
        let wanted = alone.lines().nth(1).expect("a row");
        assert_eq!(among.lines().nth(3), Some(wanted), "{model}");
        assert!(among.lines().all(|line| !line.contains(",,")), "{among}");
    }
}

#[test]
fn intervals_stand_in_a_file_of_their_own() {
    let room = room();
    room.write(
        "holes.csv",
        "a,b,count,ok,kind,day\n0.5,,5,,high,2026-03-19\n,1.0,,no,,2026-03-13\n",
    );
    let args = [
        "impute",
        "r",
        "--data",
        "holes.csv",
        "--to",
        "filled.csv",
        "--intervals",
        "intervals.csv",
    ];
    let ran = room.run(&args).ok();
    assert_eq!(ran.stdout, "filled.csv\n");
    assert!(
        ran.stderr
            .contains("by hidden cells of 90 rows that were held out"),
        "{}",
        ran.stderr
    );
    let text = room.text("intervals.csv");
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0], ["row", "column", "value", "low", "high"]);
    let places: Vec<[&str; 2]> = lines[1..].iter().map(|line| [line[0], line[1]]).collect();
    assert_eq!(
        places,
        [
            ["0", "b"],
            ["0", "ok"],
            ["1", "a"],
            ["1", "count"],
            ["1", "kind"]
        ]
    );
    for line in &lines[1..] {
        let is_word = ["ok", "kind"].contains(&line[1]);
        assert_eq!(line[3].is_empty(), is_word, "{line:?}");
        if !is_word {
            let [value, low, high] = [2, 3, 4].map(|at| line[at].parse::<f64>().expect("a number"));
            assert!(low <= value && value <= high, "{line:?}");
        }
    }
    let value = room
        .run(&["impute", "r", "--data", "holes.csv", "--json"])
        .ok()
        .json();
    assert_eq!(value["filled"], 5);
    // The column `ok` says whether `a` is above 0.
    assert_eq!(value["cells"][1]["value"], "Yes");
    assert!(value["cells"][0]["low"].as_f64() <= value["cells"][0]["value"].as_f64());
}

#[test]
fn hidden_cells_are_measured_beside_other_methods() {
    let room = room();
    let value = room
        .run(&[
            "impute",
            "r",
            "--evaluate",
            "--json",
            "--repeats=2",
            "--hide=.3",
        ])
        .ok()
        .json();
    let methods: Vec<&str> = value["methods"]
        .as_array()
        .expect("methods")
        .iter()
        .filter_map(|method| method["method"].as_str())
        .collect();
    assert_eq!(methods, ["model", "mean", "nearest", "pca"]);
    let all = |at: usize, key: &str| value["methods"][at]["all"][key].as_f64().expect(key);
    assert!(
        all(0, "rmse_in_deviations") < 0.5 * all(1, "rmse_in_deviations"),
        "{value}"
    );
    assert!(all(0, "accuracy") > all(1, "accuracy"), "{value}");
    assert!((0.8..=1.0).contains(&all(0, "coverage")), "{value}");
    assert_eq!(value["columns"].as_array().map(Vec::len), Some(6));
    let text = room
        .run(&["impute", "r", "--evaluate", "--repeats=2", "--hide=.3"])
        .ok()
        .stdout;
    for word in [
        "count",
        "accuracy",
        "5 nearest",
        "PCA-1",
        "coverage",
        "least",
        "hold",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn what_cannot_be_filled_is_refused_with_what_helps() {
    let room = room();
    room.train("fonts", &[]);
    room.train(
        "classes",
        &[
            "measured.csv",
            "--drop=id",
            "--model",
            "classifier",
            "--target",
            "kind",
        ],
    );
    room.write("narrow.csv", "a,b\n1,\n");
    room.write(
        "words.csv",
        "a,b,count,ok,kind,day\n0.5,much,5,No,mid,2026-03-04\n",
    );
    room.write("some.csv", measured(20) + "x,1,none,2,No,mid,2026-03-04\n");
    room.write("a.npy", "");
    for (args, code, message) in [
        (
            "r --data narrow.csv",
            3,
            "a column `count`, which the run learned",
        ),
        ("r --data words.csv", 3, "in column `b`"),
        (
            "r --data some.csv",
            3,
            "`some.csv:22`: expected a number in column `b`, found `none`",
        ),
        ("r --data a.npy", 3, "expected a table in text"),
        ("r --data absent.csv", 3, "cannot read `absent.csv`"),
        ("fonts --data narrow.csv", 2, "no missing cells"),
        ("classes --data narrow.csv", 2, "no latent code"),
        ("r --draws 5", 2, "only a `vae`"),
        ("r --rounds 0", 2, "`--rounds` is 0"),
        ("r --intervals a.txt", 2, "`--intervals` is `a.txt`"),
        ("r --evaluate --level 1", 2, "`--level` is 1"),
        ("r --evaluate --hide 1", 2, "`--hide` is 1"),
        ("r --evaluate --repeats 0", 2, "`--repeats` is 0"),
    ] {
        let args: Vec<&str> = ["impute"].into_iter().chain(args.split(' ')).collect();
        let ran = room.run(&args).failed(code);
        assert!(ran.stderr.contains(message), "{args:?}: {}", ran.stderr);
    }
    let few = room.run(&["impute", "r", "--data", "narrow.csv", "--evaluate"]);
    assert_eq!(few.code, Some(2));
}

/// The run's own table, piped, packed, and with an empty column.
#[test]
fn a_table_comes_by_any_way() {
    let room = Room::new();
    let whole = measured(200);
    let holes: String = whole
        .lines()
        .enumerate()
        .map(|(at, line)| match at % 5 {
            3 => {
                line.split(',')
                    .enumerate()
                    .map(|(column, cell)| if column == 2 { "" } else { cell })
                    .collect::<Vec<_>>()
                    .join(",")
                    + "\n"
            }
            _ => format!("{line}\n"),
        })
        .collect();
    room.write("measured.csv", &holes);
    room.train("r", &MODEL);
    let own = room.run(&["impute", "r"]).ok();
    assert_eq!(own.stdout.lines().count(), 201);
    assert!(
        own.stdout
            .lines()
            .zip(whole.lines())
            .all(|(a, b)| a.split(',').nth(1) == b.split(',').nth(1))
    );
    assert!(!own.stdout.contains(",,"));
    let mut piped = room.command(&["impute", "r", "--data", "-"]);
    piped.stdin(std::fs::File::open(room.path("measured.csv")).expect("it is there"));
    assert_eq!(crate::program::ran(&mut piped).ok().stdout, own.stdout);
    let empty = fill(
        &room,
        "empty.csv",
        "a,b,count,ok,kind,day\n0.9,2.8,9,,,\n-0.9,-0.8,-9,,,\n",
    );
    let lines: Vec<&str> = empty.stdout.lines().collect();
    assert!(
        lines[1].starts_with("0.9,2.8,9,Yes,high,2026-03-2"),
        "{lines:?}"
    );
    assert!(
        lines[2].starts_with("-0.9,-0.8,-9,No,low,2026-03-0"),
        "{lines:?}"
    );
}

/// A run whose test part was the last rows takes other data as any other run does.
#[test]
fn other_data_is_not_split_by_time() {
    let room = Room::new();
    room.write("measured.csv", measured(100));
    room.train(
        "r",
        &[&MODEL[..], &["--split=time", "--epochs", "5"]].concat(),
    );
    room.write(
        "one.csv",
        "a,b,count,ok,kind,day\n0.9,,9,Yes,high,2026-03-24\n",
    );
    for command in ["impute", "encode"] {
        let ran = room.run(&[command, "r", "--data", "one.csv"]).ok();
        assert_eq!(ran.stdout.lines().count(), 2, "{ran:?}");
    }
}
