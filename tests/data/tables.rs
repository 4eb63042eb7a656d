//! Tables and arrays.

use super::*;

#[test]
fn a_table_is_standardised_and_comes_back_in_its_own_units() {
    let room = Room::new();
    room.write("measured.csv", measured());
    let line = "train measured.csv --label kind --device cpu --name table --epochs 1500 --lr .01";
    let ran = run(&room, line).ok();
    assert!(ran.stdout.contains("24 rows"), "{ran:#?}");
    let expected = json!({ "train": 24, "test": 24, "held_out": false, "shape": [1, 1, 3] });
    assert_eq!(facts(&room, "table"), expected);
    let config = room.text("runs/table/config.toml");
    assert!(config.contains("scale = \"standardise\""), "{config}");
    let scaling = room.text("runs/table/scaling.csv");
    assert!(scaling.starts_with("column,shift,scale,scaling\na,5.75,3.461093"));
    assert_eq!(scaling.lines().count(), 4);
    let kinds = ["x", "y", "z"].map(|kind| (kind.to_owned(), 8));
    assert_eq!(classes_on_the_map(&room, "table"), kinds);

    let codes = cells(&run(&room, "encode table").ok().stdout);
    assert_eq!(codes.len(), 24);
    let rows = cells(&measured());
    // Half a standard deviation is far less than what another scale would make of it.
    for index in [0, 7, 23] {
        let at = format!("--at={}", codes[index][2..4].join(","));
        let csv = room.run(&["generate", "table", &at]).ok().stdout;
        assert!(csv.starts_with("a,b,c\n"), "{csv}");
        for (column, within) in [1.7, 6.9, 690.0].into_iter().enumerate() {
            let number = |row: &Vec<String>| row[column].parse::<f64>().expect("a number");
            let (found, expected) = (number(&cells(&csv)[0]), number(&rows[index]));
            assert!((found - expected).abs() < within, "{found} {expected}");
        }
    }
    let value = run(&room, "generate table --count 5 --json").ok().json();
    assert_eq!(value["rows"].as_array().map(Vec::len), Some(5));
    let csv = run(&room, "generate table --count 5").ok().stdout;
    let first: Vec<f64> = cells(&csv)[0]
        .iter()
        .map(|cell| cell.parse().expect("a number"))
        .collect();
    for (column, number) in first.iter().enumerate() {
        let other = value["rows"][0][column].as_f64().expect("a number");
        assert!(
            (number - other).abs() <= 1e-6 * other.abs(),
            "{number} {other}"
        );
    }
}

#[test]
fn other_rows_go_through_the_scaling_of_the_run() {
    let room = Room::new();
    let text = measured();
    let lines: Vec<&str> = text.lines().collect();
    room.write("measured.csv", &text);
    // Rows 5 and 0 of it among others: scaled by themselves they would be other numbers.
    let others = [lines[0], lines[6], "900,900,900,x", lines[1], ""];
    room.write("other.csv", others.join("\n"));
    train(&room, "table", "measured.csv --label kind");
    let codes = cells(&run(&room, "encode table").ok().stdout);
    let again = run(&room, "encode table --data other.csv").ok().stdout;
    let again = cells(&again);
    assert_eq!(again.len(), 3);
    assert_eq!(again[0][1..4], codes[5][1..4]);
    assert_eq!(again[2][1..4], codes[0][1..4]);

    room.write("wide.csv", "a,b,c,d,kind\n1,2,3,4,x\n");
    // By name, whatever else there is and in whatever order.
    room.write("turned.csv", "more,b,a,c\n9,2,1,3\n");
    room.write("plain.csv", "a,b,c\n1,2,3\n");
    let turned = run(&room, "encode table --data turned.csv").ok().stdout;
    let plain = run(&room, "encode table --data plain.csv").ok().stdout;
    assert_eq!(cells(&turned)[0][2..4], cells(&plain)[0][2..4]);
    assert_eq!(
        run(&room, "encode table --data wide.csv").ok().code,
        Some(0)
    );
    room.write("short.csv", "a,b,kind\n1,2,x\n");
    let short = "`short.csv`: expected a column `c`, which the run learned, found `a`, `b`, `kind`";
    refused(&room, "encode table --data short.csv", 3, short, "");
}

#[test]
fn a_cell_that_is_no_number_is_named_with_its_line() {
    let room = Room::new();
    for (row, message) in [
        ("1,inf,3", "expected a finite number in column `b`"),
        ("1,1e999,3", "expected a finite number in column `b`"),
        (
            "1,two,3",
            "found `two` (`--missing two` takes it for a missing cell",
        ),
        ("1,2", "expected 3 fields as in line 1, found 2"),
        ("1,2,3,4", "expected 3 fields as in line 1, found 4"),
    ] {
        room.write("bad.csv", format!("a,b,c\n1,2,3\n4,5,7\n{row}\n7,8,8\n"));
        refused(&room, "train bad.csv", 3, "bad.csv:4`: expected ", "");
        refused(&room, "train bad.csv", 3, message, "");
    }
    train(&room, "rest", "bad.csv --skip-bad");
    let data = facts(&room, "rest");
    assert_eq!((&data["train"], &data["skipped"]), (&json!(3), &json!(1)));
    for (name, text, message) in [
        ("none.csv", "", "an empty file"),
        (
            "names.csv",
            "a,b\n",
            "expected a column with a known number or word, found none",
        ),
    ] {
        room.write(name, text);
        refused(&room, &format!("train {name}"), 3, message, "");
    }
    room.write("classes.csv", "a,kind\n1,x\n2,y\n");
    let label = "expected one of `a`, `kind`, or a column by its number, 1 to 2, found `c`";
    refused(&room, "train classes.csv --label c", 2, label, "");
}

#[test]
fn what_is_for_pictures_is_refused_for_a_table() {
    let room = Room::new();
    room.write("measured.csv", measured());
    let table = "train measured.csv --label kind";
    for (more, error, hint) in [
        ("--loss bce", "an output of `sigmoid` cannot", "`--loss mse"),
        ("--conv 4", "`model.conv` is for images", "`--layers`"),
        ("--size 4x4", "`size` of", ""),
        ("--grey", "`grey` of", ""),
        ("--scale zzz", "`standardise`", ""),
    ] {
        refused(&room, &format!("{table} {more}"), 2, error, hint);
    }
    train(
        &room,
        "bounded",
        "measured.csv --label kind --loss bce --scale min-max",
    );
    train(&room, "table", "measured.csv --label kind");
    let images = "a table has no images";
    refused(&room, "morph table #0 #1", 2, images, "`generate`");
    refused(&room, "animate table --walk loop", 2, images, "`generate`");
}

#[test]
fn a_table_is_shown_by_its_columns() {
    let room = Room::new();
    room.write("measured.csv", measured());
    let show = "data show measured.csv --label kind";
    let said = run(&room, show).ok().stdout;
    let rows: Vec<String> = said.lines().map(|line| words(line).join(" ")).collect();
    assert!(rows.contains(&"24 rows".to_owned()), "{said}");
    assert!(
        rows.contains(&"b 54.0000 77.0000 100.0000 0 learned".to_owned()),
        "{said}"
    );
    let value = run(&room, &format!("{show} --json")).ok().json();
    assert_eq!(value["shape"], json!([1, 1, 3]));
    assert_eq!(value["classes"], json!(["x", "y", "z"]));
    let png = format!("{show} --png sheet.png");
    refused(&room, &png, 2, "a table has no images", "`--png`");
}

#[test]
fn every_model_takes_a_table_and_every_scale() {
    let room = Room::new();
    room.write("measured.csv", measured());
    for (name, more) in [
        ("vae", "--model vae --test-fraction .25"),
        ("dae", "--model dae --noise gaussian:.1"),
        ("min-max", "--scale min-max"),
        ("none", "--scale none --classes x,y"),
        ("quantile", "--scale quantile"),
    ] {
        train(&room, name, &format!("measured.csv --label kind {more}"));
        let csv = run(&room, &format!("generate {name} --count 2"))
            .ok()
            .stdout;
        assert_eq!(
            (csv.lines().next(), csv.lines().count()),
            (Some("a,b,c"), 3)
        );
        let said = run(&room, &format!("reconstruct {name}")).ok().stdout;
        assert!(
            said.contains("rows reconstructed with squared error"),
            "{said}"
        );
        let kept = room.path(&format!("runs/{name}/scaling.csv")).exists();
        assert_eq!(kept, name != "none", "{name}");
    }
    // Whatever separates its fields.
    for (name, separator) in [("tabs.tsv", "\t"), ("blanks.data", " ")] {
        room.write(name, measured().replace(',', separator));
        train(&room, name, &format!("{name} --label kind"));
        assert_eq!(facts(&room, name)["shape"], json!([1, 1, 3]));
    }
    let counts = |name: &str| facts(&room, name)["train"].as_u64();
    assert_eq!((counts("vae"), counts("none")), (Some(18), Some(16)));
}

#[test]
fn arrays_are_tables_or_pictures() {
    let room = Room::new();
    let numbers = (0..36).flat_map(|at: usize| ((at * at % 17) as f32).to_le_bytes());
    let numbers = npy("<f4", "(12, 3)", &numbers.collect::<Vec<u8>>());
    room.write("rows.npy", &numbers);
    train(&room, "rows", "rows.npy");
    assert_eq!(facts(&room, "rows")["shape"], json!([1, 1, 3]));
    assert!(room.path("runs/rows/scaling.csv").exists());
    let csv = run(&room, "generate rows --count 2").ok().stdout;
    assert!(csv.starts_with("1,2,3\n"), "{csv}");

    let pixels: Vec<u8> = (0..240).map(|at: usize| (at * 53 % 256) as u8).collect();
    room.write("pictures.npy", npy("|u1", "(10, 4, 6)", &pixels));
    train(&room, "pictures", "pictures.npy --layers 8");
    let data = facts(&room, "pictures");
    assert_eq!(
        (&data["train"], &data["shape"]),
        (&json!(10), &json!([1, 4, 6]))
    );
    run(&room, "reconstruct pictures").ok();
    check_figure(&room, "runs/pictures/figures/reconstruction");

    room.write("cut.npy", &numbers[..200]);
    refused(&room, "train cut.npy", 3, "cut.npy`: expected", "");
    room.write("text.npy", "a,b\n1,2\n");
    refused(&room, "train text.npy", 3, "text.npy`: expected", "");
    let infinite = [1.0, f32::INFINITY].map(f32::to_le_bytes).concat();
    room.write("infinite.npy", npy("<f4", "(2, 1)", &infinite));
    refused(&room, "train infinite.npy", 3, "infinite.npy", "");
}

#[test]
fn a_run_knows_when_its_data_has_changed() {
    let room = Room::new();
    let table = |value: &str| format!("a,b\n1,2\n2,4\n3,5\n4,{value}\n");
    room.write("t.csv", table("9"));
    run(&room, "train t.csv --epochs 2 --device cpu --name one").ok();
    let codes = run(&room, "encode one").ok();
    assert_eq!(codes.lines("note: "), Vec::<&str>::new());
    room.write("t.csv", table("8"));
    let noted = run(&room, "encode one").ok();
    assert_eq!(noted.lines("note: ").len(), 1, "{}", noted.stderr);
    let refused = run(&room, "train --resume one --epochs 4").failed(5);
    assert!(
        refused.stderr.contains("the data has changed"),
        "{}",
        refused.stderr
    );

    // How the columns were scaled is the run's, not the data's.
    room.write("t.csv", table("9"));
    std::fs::remove_file(room.path("runs/one/scaling.csv")).expect("it was kept");
    let lost = run(&room, "encode one").failed(5);
    assert!(lost.stderr.contains("scaling.csv"), "{}", lost.stderr);
}

#[test]
fn a_new_table_needs_no_labels() {
    let room = Room::new();
    room.write("t.csv", "a,b,kind\n1,2,x\n2,4,y\n3,5,x\n");
    run(
        &room,
        "train t.csv --label kind --epochs 2 --device cpu --name one",
    )
    .ok();
    room.write("new.csv", "a,b\n1,2\n");
    let all = run(&room, "encode one").ok().stdout;
    let new = run(&room, "encode one --data new.csv").ok().stdout;
    let code = |text: &str| {
        text.lines()
            .nth(1)
            .map(|row| row.split(',').skip(2).collect::<Vec<_>>().join(","))
    };
    assert_eq!(code(&all), code(&new));
}

/// The codes of a run, `[rows][latent]`.
fn codes(room: &Room, name: &str, latent: usize) -> Vec<Vec<f64>> {
    let text = run(room, &format!("encode {name}")).ok().stdout;
    let number = |cell: &String| cell.parse().expect("a number");
    let row = |row: &Vec<String>| row[2..2 + latent].iter().map(number).collect();
    cells(&text).iter().map(row).collect()
}

/// A table far from 0 gives the codes of the same table at 0: digits are there until the columns are scaled.
#[test]
fn large_numbers_keep_what_they_differ_by() {
    let room = Room::new();
    let rows = |offset: f64| -> String {
        let row = |i: i32| {
            let (a, b) = (f64::from(i), (f64::from(i) * 0.37).sin() * 1e-5);
            format!("{},{:.9}\n", offset + a, offset / 1e8 + b)
        };
        "time,place\n".to_owned() + &(0..100).map(row).collect::<String>()
    };
    for (name, offset) in [("near", 0.0), ("far", 1.7e9)] {
        room.write(&format!("{name}.csv"), rows(offset));
        train(&room, name, &format!("{name}.csv --set train.epochs=50"));
    }
    let (near, far) = (codes(&room, "near", 2), codes(&room, "far", 2));
    for (near, far) in near.iter().flatten().zip(far.iter().flatten()) {
        assert!((near - far).abs() <= 1e-4, "{near} {far}");
    }
    let mut distinct = far.clone();
    distinct.sort_by(|a, b| a[0].total_cmp(&b[0]));
    distinct.dedup();
    assert_eq!(distinct.len(), 100);
    let shown = run(&room, "data show far.csv").ok().stdout;
    assert!(
        shown.contains("1700000000.0000  1700000049.5000  1700000099.0000"),
        "{shown}"
    );
}

#[test]
fn holes_are_told_and_left_out_of_the_loss() {
    let room = Room::new();
    let row = |i: usize| match i % 5 {
        0 => format!("{i},,{}\n", 2 * i),
        1 => format!("{i},{},-999\n", 3 * i),
        _ => format!("{i},{},{}\n", 3 * i, 2 * i),
    };
    let text = "a,b,c\n".to_owned() + &(0..60).map(row).collect::<String>();
    room.write("holes.csv", text);
    let line = "train holes.csv --missing -999 --name holes --device cpu --test-fraction .2 --set train.epochs=200";
    let ran = run(&room, line).ok();
    assert!(
        ran.stderr.contains("column `b` misses 12 of 60 cells"),
        "{ran:#?}"
    );
    let report = room.json("runs/holes/run.json");
    assert_eq!(report["data"]["missing"], json!({ "b": 12, "c": 12 }));
    // Three columns on a line: one number gives all of them back, known cells alone counted, far better than the mean.
    let (own, mean) = (
        report["metrics"]["test"]["squared_error"]
            .as_f64()
            .expect("a number"),
        report["baselines"]["mean_image"]["squared_error"]
            .as_f64()
            .expect("a number"),
    );
    assert!(own < 0.2 * mean && mean < 4.0, "{own} {mean}");
    let evaluated = run(&room, "eval holes --json").ok().json();
    assert_eq!(
        evaluated["metrics"]["squared_error"],
        report["metrics"]["test"]["squared_error"]
    );
    let double = "train holes.csv --missing -999 --optimizer bfgs";
    refused(&room, double, 2, "has missing cells", "`--optimizer adam`");
}

#[test]
fn a_category_has_a_cross_entropy_of_its_own() {
    let room = Room::new();
    let row = |i: usize| {
        let colour = ["red", "green", "blue"][i % 3];
        format!("{},{colour},{}\n", i % 7, i % 3)
    };
    let rows: String = (0..90).map(row).collect();
    room.write("goods.csv", format!("size,colour,kind\n{rows}"));
    train(
        &room,
        "goods",
        "goods.csv --test-fraction .2 --set train.epochs=600",
    );
    assert!(
        room.text("runs/goods/config.toml")
            .contains("loss = \"mixed\"")
    );
    let scaling = room.text("runs/goods/scaling.csv");
    let colours = scaling.lines().filter(|line| line.starts_with("colour="));
    assert!(
        colours
            .clone()
            .all(|line| line.ends_with(",0,1,standardise"))
    );
    assert_eq!(colours.count(), 3);
    // Whatever the code, the colours are probabilities.
    room.write("codes.csv", "z1,z2\n0,0\n3,-2\n-1,5\n");
    for line in cells(&run(&room, "decode goods --codes codes.csv").ok().stdout) {
        let colours = line[1..4]
            .iter()
            .map(|cell| cell.parse::<f64>().expect("a number"));
        assert!(
            colours.clone().all(|part| (0.0..=1.0).contains(&part)),
            "{line:?}"
        );
        assert!((colours.sum::<f64>() - 1.0).abs() < 1e-5, "{line:?}");
    }
    let evaluated = run(&room, "eval goods --json").ok().json();
    let loss = &evaluated["metrics"]["reconstruction"];
    assert!(loss.as_f64().expect("a loss") < 1.0, "{evaluated:#}");
    let line = "train goods.csv --optimizer bfgs";
    refused(&room, line, 2, "the table has categories", "`--loss mse`");
    let line = "train goods.csv --set data.permute=true";
    refused(
        &room,
        line,
        2,
        "tears the columns of a category apart",
        "`--loss mse`",
    );
}

#[test]
fn without_a_category_the_loss_of_a_table_is_the_squared_error() {
    let room = Room::new();
    let row = |i: usize| format!("{},{},{}\n", i % 7, i % 5, (i * i) % 11);
    let rows: String = (0..60).map(row).collect();
    room.write("numbers.csv", format!("a,b,c\n{rows}"));
    train(&room, "usual", "numbers.csv --set train.epochs=5");
    train(&room, "mse", "numbers.csv --loss mse --set train.epochs=5");
    let metrics = |name: &str| room.json(&format!("runs/{name}/run.json"))["metrics"].clone();
    assert_eq!(metrics("usual")["train"], metrics("mse")["train"]);
}

#[test]
fn words_are_learned_and_new_data_needs_no_order() {
    let room = Room::new();
    let row = |i: usize| {
        let colour = ["red", "green", "blue"][i % 3];
        format!(
            "id{i},{},{colour},{}\n",
            i % 7,
            if i.is_multiple_of(2) { "yes" } else { "no" }
        )
    };
    room.write(
        "mixed.csv",
        "id,size,colour,new\n".to_owned() + &(0..90).map(row).collect::<String>(),
    );
    let long = "found 90 words in 90 rows, as `id0` (`--drop id` leaves the column out";
    refused(&room, "train mixed.csv", 3, long, "");
    train(
        &room,
        "mixed",
        "mixed.csv --index id --test-fraction .2 --set train.epochs=20",
    );
    let facts = &room.json("runs/mixed/run.json")["data"];
    assert_eq!(facts["shape"], json!([1, 1, 5]));
    let split = run(&room, "encode mixed --split").ok().stdout;
    assert!(
        split.starts_with("picture,caption,z1,z2,row,id,split\n"),
        "{split}"
    );
    let lines = cells(&split);
    assert_eq!(lines.len(), 90);
    assert_eq!(lines.iter().filter(|line| line[6] == "test").count(), 18);
    assert!(
        lines.iter().all(|line| line[5] == format!("id{}", line[4])),
        "{split}"
    );
    room.write("other.csv", "new,colour,size\nyes,blue,3\nno,violet,2\n");
    let other = run(&room, "encode mixed --data other.csv").ok();
    assert_eq!(cells(&other.stdout).len(), 2);
    assert!(
        other.stderr.contains("has not learned in 1 rows"),
        "{other:#?}"
    );
    room.write("short.csv", "new,colour,size\nyes,blue,3\nno,red\n");
    let line = "encode mixed --data short.csv";
    refused(&room, line, 3, "short.csv:3`: expected 3 fields", "");
}

#[test]
fn what_is_asked_of_a_table_is_refused_elsewhere() {
    let room = Room::new();
    room.write("measured.csv", measured());
    for (line, error, hint) in [
        (
            "train fonts --drop a",
            "`drop` of `fonts`: expected a table with columns, found `a`",
            "",
        ),
        ("train fonts --missing 0", "`missing` of `fonts`", ""),
        (
            "train measured.csv --label kind --split time",
            "`data.split` is `time`",
            "`--test-fraction .2`",
        ),
        (
            "train measured.csv --label kind --split time --fold 1/2",
            "`data.fold` is `1/2`",
            "folds are drawn",
        ),
    ] {
        refused(&room, line, 2, error, hint);
    }
}

/// Rows of one patient never stand on both sides, and rows in time are tested at their end.
#[test]
fn parts_keep_groups_and_times() {
    let room = Room::new();
    let row = |i: usize| format!("{i},p{},{}\n", i / 4, (i * i) % 17);
    room.write(
        "patients.csv",
        "when,patient,x\n".to_owned() + &(0..80).map(row).collect::<String>(),
    );
    let line = "patients.csv --group patient --drop when --test-fraction .2 --latent 1 --set train.epochs=2";
    train(&room, "grouped", line);
    let lines = cells(&run(&room, "encode grouped --split").ok().stdout);
    let mut tested: Vec<usize> = lines
        .iter()
        .filter(|line| line.last().map(String::as_str) == Some("test"))
        .map(|line| line[3].parse().expect("a row"))
        .collect();
    assert_eq!(tested.len(), 16);
    tested.sort_unstable();
    assert!(
        tested
            .chunks(4)
            .all(|four| four.iter().all(|row| row / 4 == four[0] / 4))
    );
    let line = "patients.csv --time when --drop patient --split time --test-fraction .1 --latent 1 --set train.epochs=2";
    train(&room, "timed", line);
    let lines = cells(&run(&room, "encode timed").ok().stdout);
    let rows: Vec<_> = lines.iter().map(|line| line[4].clone()).collect();
    assert_eq!(
        rows,
        (72..80).map(|row| row.to_string()).collect::<Vec<_>>()
    );
}

#[test]
fn a_table_may_come_through_a_pipe_or_as_arff() {
    let room = Room::new();
    room.write("weka.arff", "% a note\n@relation r\n@attribute a numeric\n@attribute 'b c' {x,y}\n@data\n1,x\n2,y\n?,x\n4,y\n");
    let shown = run(&room, "data show weka.arff").ok().stdout;
    assert!(shown.contains("column `a` misses 1 of 4 cells"), "{shown}");
    train(&room, "weka", "weka.arff --set train.epochs=5 --latent 1");
    let mut piped = room.command(&["data", "show", "-"]);
    let mut piped = piped
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = piped.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut stdin, b"a,b\n1,2\n3,4\n").expect("it reads");
    drop(stdin);
    let shown = piped.wait_with_output().expect("it ends").stdout;
    assert!(String::from_utf8_lossy(&shown).starts_with("2 rows\n"));
    let mut packed = gzip(b"a,b\n1,2\n3,4\n5,7\n");
    room.write("packed.csv.gz", &packed);
    assert!(
        run(&room, "data show packed.csv.gz")
            .ok()
            .stdout
            .starts_with("3 rows\n")
    );
    packed.truncate(20);
    room.write("cut.csv.gz", &packed);
    refused(&room, "train cut.csv.gz", 3, "cut.csv.gz", "");
    room.write("sheet.xlsx", "PK");
    refused(
        &room,
        "train sheet.xlsx",
        3,
        "sheet.xlsx`: expected a file ending in .csv",
        "",
    );
    assert_eq!(
        room.json("runs/weka/run.json")["data"]["shape"],
        json!([1, 1, 3])
    );
}

#[test]
fn codes_go_to_a_file_and_come_back_as_an_array() {
    let room = Room::new();
    room.write("measured.csv", measured());
    train(&room, "vae", "measured.csv --label kind --model vae");
    let text = run(&room, "encode vae --log-variances").ok().stdout;
    assert!(
        text.starts_with("picture,caption,z1,z2,v1,v2,row\n"),
        "{text}"
    );
    run(&room, "encode vae --log-variances --to codes.csv").ok();
    assert_eq!(room.text("codes.csv"), text);
    run(&room, "encode vae --log-variances --to codes.npy").ok();
    let shown = run(&room, "data show codes.npy").ok().stdout;
    assert!(
        shown.starts_with("24 rows\n") && shown.lines().count() == 6,
        "{shown}"
    );
    refused(
        &room,
        "encode vae --to codes.xls",
        2,
        "`--to` is `codes.xls`",
        "`.npy`",
    );
    train(&room, "ae", "measured.csv --label kind");
    refused(
        &room,
        "encode ae --log-variances",
        2,
        "only a `vae`",
        "leave `--log-variances` out",
    );
}

/// Bytes as gzip stores them, unpacked blocks and a checksum.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    let length = bytes.len() as u16;
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(bytes);
    packed.extend((!crc).to_le_bytes());
    packed.extend((bytes.len() as u32).to_le_bytes());
    packed
}

/// Numbers whose squares are beyond single precision are told before the training, with what helps.
#[test]
fn unscaled_numbers_that_no_error_can_be_squared_of_are_refused() {
    let room = Room::new();
    room.write("huge.csv", "a,b\n1,1e30\n2,-3e29\n3,2e30\n4,0\n");
    let message = "column `b` has 1e30, whose square is beyond single precision";
    let hint = "`--scale standardise`";
    refused(&room, "train huge.csv --scale none", 2, message, hint);
    train(&room, "scaled", "huge.csv");
}

/// Rows of pixels are learned as images, and other rows by the names of their columns, without the label.
#[test]
fn rows_of_pixels_are_learned_as_images() {
    let room = Room::new();
    let header: String = (0..64).map(|at| format!(",pixel{at}")).collect();
    let row = |at: usize| -> String {
        (0..64)
            .map(|pixel| format!(",{}", (pixel * at) % 256))
            .collect()
    };
    let rows: String = (1..=8)
        .map(|at| format!("{}{}\n", at % 2, row(at)))
        .collect();
    room.write("digits.csv", format!("label{header}\n{rows}"));
    room.write("new.csv", format!("{}\n{}\n", &header[1..], &row(9)[1..]));
    let hint = "`--shape 8x8` makes images of the rows";
    let shown = run(&room, "data show digits.csv --label label").ok().stdout;
    assert!(shown.contains(hint), "{shown}");
    train(
        &room,
        "digits",
        "digits.csv --label label --shape 8x8 --conv 4",
    );
    assert_eq!(facts(&room, "digits")["shape"], json!([1, 8, 8]));
    let codes = run(&room, "encode digits --data new.csv").ok().stdout;
    assert_eq!(codes.lines().count(), 2, "{codes}");
    let refusal = "expected 64 numbers, as many as a row has inputs";
    let flags = "train digits.csv --label label --shape 7x8";
    refused(&room, flags, 2, refusal, "");
}

#[test]
fn dates_are_learned_as_days() {
    let room = Room::new();
    let rows: String = (1..=20)
        .map(|day| format!("2026-11-{day:02},{day}\n"))
        .collect();
    room.write("log.csv", format!("when,x\n{rows}"));
    let shown = run(&room, "data show log.csv --dates when").ok().stdout;
    assert!(
        shown.contains("learned, as days since 1970-01-01"),
        "{shown}"
    );
    train(&room, "log", "log.csv --dates when");
    let codes = run(&room, "encode log --data log.csv").ok().stdout;
    assert_eq!(codes.lines().count(), 21, "{codes}");
}

#[test]
fn samples_without_any_difference_are_told() {
    let room = Room::new();
    room.write("equal.csv", format!("a,b\n{}", "1,2\n".repeat(50)));
    room.write("single.csv", "a,b,c\n1,2,3\n");
    for (name, note) in [
        (
            "equal",
            "note: all 50 rows to learn from are equal: nothing differs",
        ),
        (
            "single",
            "note: there is one row to learn from: nothing differs",
        ),
    ] {
        let line = format!("train {name}.csv --epochs 1 --no-figures --device cpu");
        let said = run(&room, &line).ok().stderr;
        assert!(said.contains(note), "{said}");
    }
}
